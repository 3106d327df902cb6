import { Body, Delete, Get, HttpCode, Injectable, Param, Patch, Post, Put, Query, Req } from '@nestjs/common';
import { decodeAfter, limitOf, toPage } from '../../history/page.js';
import type { Page } from '../../history/page.js';
import { parseDuration } from '../../model/duration.js';
import { isTriggersError } from '../../model/errors.js';
import type { DryRunReport, PollReport } from '../../sources/poll/poll.reports.js';
import { Audited, Needs } from '../access/route-access.js';
import { TriggerPermission } from '../access/trigger-permission.js';
import { CursorBody, FireBody, PatchTriggerBody, ReasonBody } from '../dto/bodies.js';
import { ListQuery } from '../dto/list.queries.js';
import { badFields, checked } from '../http/checked.pipe.js';
import type { Given } from '../http/checked.pipe.js';
import type { AdminRequest } from '../http/exchange.js';
import { TriggersService } from '../triggers.service.js';
import type { TriggerDetail, TriggerView } from '../trigger.view.js';
import { askedBy, changedBy, fireAnswer, selectFields, userOf } from './answers.js';
import type { FireAnswer } from './answers.js';

/** Triggers: `/` and `/:name`. Mounted last, so that every fixed path goes before a name. */
@Injectable()
export class TriggersController {
  constructor(
    private readonly triggers: TriggersService,
    private readonly permission: TriggerPermission,
  ) {}

  @Get()
  @Needs('viewer')
  async list(@Query(checked(ListQuery)) query: Given<ListQuery>): Promise<Page<Partial<TriggerView>>> {
    const limit = limitOf(query);
    const all = await this.triggers.list();
    const after = query.after === undefined ? '' : decodeAfter(query.after, (name) => name !== '');
    const behind = all.filter(({ name }) => name > after).slice(0, limit + 1);
    return selectFields({ ...toPage(behind, limit, ({ name }) => name), total: all.length }, query.fields);
  }

  @Get(':name')
  @Needs('viewer')
  get(@Param('name') name: string): Promise<TriggerDetail> {
    return this.triggers.get(name);
  }

  /** Audited by what it calls, in the commit of the change. */
  @Patch(':name')
  @Needs('operator')
  async patch(
    @Param('name') name: string,
    @Body(checked(PatchTriggerBody)) { enabled, pollInterval, reason }: Given<PatchTriggerBody>,
    @Req() request: AdminRequest,
  ): Promise<TriggerDetail> {
    if (enabled === undefined && pollInterval === undefined) {
      throw badFields([
        { field: 'enabled', problems: ['send "enabled", "pollInterval" or both; null removes an override'] },
      ]);
    }
    const intervalMs = typeof pollInterval === 'string' ? intervalOf(pollInterval) : pollInterval;
    const by = changedBy(request, reason);
    await this.triggers.override(name, { enabled, intervalMs }, by);
    return this.triggers.get(name);
  }

  @Post(':name/fire')
  @HttpCode(202)
  @Needs('operator')
  @Audited('trigger.fire')
  async fire(
    @Param('name') name: string,
    @Body(checked(FireBody)) { context, ...asked }: Given<FireBody>,
    @Req() request: AdminRequest,
  ): Promise<FireAnswer> {
    const by = askedBy(request);
    await this.permission.require(request, name, { context, reason: asked.reason, dryRun: false });
    return fireAnswer(await this.triggers.fire(name, context, { ...asked, ...by }));
  }

  @Post(':name/poll')
  @HttpCode(200)
  @Needs('operator')
  @Audited('trigger.poll')
  poll(@Param('name') name: string, @Body(checked(ReasonBody)) _body: Given<ReasonBody>): Promise<PollReport> {
    return this.triggers.poll(name);
  }

  @Post(':name/test')
  @HttpCode(200)
  @Needs('operator')
  @Audited('trigger.test')
  async test(
    @Param('name') name: string,
    @Body(checked(FireBody)) { context, ...asked }: Given<FireBody>,
    @Req() request: AdminRequest,
  ): Promise<DryRunReport> {
    await this.permission.require(request, name, { context, reason: asked.reason, dryRun: true });
    return this.triggers.test(name, context, { ...asked, initiatedBy: userOf(request) });
  }

  /** Audited by what it calls, in the commit of the change. */
  @Put(':name/cursor')
  @Needs('admin')
  async setCursor(
    @Param('name') name: string,
    @Body(checked(CursorBody)) { cursor, reason }: Given<CursorBody>,
    @Req() request: AdminRequest,
  ): Promise<TriggerDetail> {
    if (cursor === undefined) throw badFields([{ field: 'cursor', problems: ['cursor is missing; null begins anew'] }]);
    await this.triggers.setCursor(name, cursor, changedBy(request, reason));
    return this.triggers.get(name);
  }

  /** Audited by what it calls, in the commit of the change. */
  @Post(':name/resume')
  @HttpCode(200)
  @Needs('operator')
  async resume(
    @Param('name') name: string,
    @Body(checked(ReasonBody)) { reason }: Given<ReasonBody>,
    @Req() request: AdminRequest,
  ): Promise<TriggerDetail> {
    await this.triggers.resume(name, changedBy(request, reason));
    return this.triggers.get(name);
  }

  /** Audited by what it calls, in the commit of the change. */
  @Delete(':name')
  @HttpCode(204)
  @Needs('admin')
  forget(
    @Param('name') name: string,
    @Body(checked(ReasonBody)) { reason }: Given<ReasonBody>,
    @Req() request: AdminRequest,
  ): Promise<void> {
    return this.triggers.forget(name, changedBy(request, reason));
  }
}

/** The shortest interval between polls. */
const MIN_INTERVAL_MS = 10;

function intervalOf(text: string): number {
  try {
    const intervalMs = parseDuration(text, 'pollInterval');
    if (intervalMs >= MIN_INTERVAL_MS) return intervalMs;
  } catch (error) {
    // A definition error is the program's; here it is the request's.
    if (!isTriggersError(error, 'TRG_DEF_INVALID_DURATION')) throw error;
  }
  throw badFields([{ field: 'pollInterval', problems: ['pollInterval must be from 10ms to 365d'] }]);
}
