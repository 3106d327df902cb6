import { Body, Get, HttpCode, Injectable, Param, Post, Query, Req } from '@nestjs/common';
import { ExecutionControl } from '../../engine/execution-control.service.js';
import type { Controlled } from '../../engine/execution-control.service.js';
import type { ExecutionDetail, ExecutionItem } from '../../history/history.types.js';
import { HistoryService } from '../../history/history.service.js';
import type { Page } from '../../history/page.js';
import { IntakeService } from '../../intake/intake.service.js';
import { Audited, Needs } from '../access/route-access.js';
import { TriggerPermission } from '../access/trigger-permission.js';
import type { Again } from '../access/trigger-permission.js';
import { ReasonBody, ReplayBody } from '../dto/bodies.js';
import { ExecutionsQuery } from '../dto/list.queries.js';
import { checked } from '../http/checked.pipe.js';
import type { Given } from '../http/checked.pipe.js';
import type { AdminRequest } from '../http/exchange.js';
import { executionId, executionNotFound, fireAnswer, selectFields, userOf } from './answers.js';
import type { FireAnswer } from './answers.js';

/** Executions: `/executions`. */
@Injectable()
export class ExecutionsController {
  constructor(
    private readonly history: HistoryService,
    private readonly control: ExecutionControl,
    private readonly intake: IntakeService,
    private readonly permission: TriggerPermission,
  ) {}

  @Get()
  @Needs('viewer')
  async list(
    @Query(checked(ExecutionsQuery)) { limit, after, fields, ...filter }: Given<ExecutionsQuery>,
  ): Promise<Page<Partial<ExecutionItem>>> {
    return selectFields(await this.history.executions(filter, { limit, after }), fields);
  }

  @Get(':id')
  @Needs('viewer')
  async get(@Param('id') id: string): Promise<ExecutionDetail> {
    const found = await this.history.execution(executionId(id));
    if (found === null) throw executionNotFound(id);
    return found;
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Needs('operator')
  @Audited('execution.cancel')
  cancel(
    @Param('id') id: string,
    @Body(checked(ReasonBody)) _body: Given<ReasonBody>,
    @Req() request: AdminRequest,
  ): Promise<Controlled> {
    return this.control.cancel(executionId(id), userOf(request));
  }

  @Post(':id/pause')
  @HttpCode(200)
  @Needs('operator')
  @Audited('execution.pause')
  pause(
    @Param('id') id: string,
    @Body(checked(ReasonBody)) _body: Given<ReasonBody>,
    @Req() request: AdminRequest,
  ): Promise<Controlled> {
    return this.control.pause(executionId(id), userOf(request));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Needs('operator')
  @Audited('execution.resume')
  resume(
    @Param('id') id: string,
    @Body(checked(ReasonBody)) _body: Given<ReasonBody>,
    @Req() request: AdminRequest,
  ): Promise<Controlled> {
    return this.control.resume(executionId(id), userOf(request));
  }

  /** The same execution goes on from its failed tasks. */
  @Post(':id/retry')
  @HttpCode(200)
  @Needs('operator')
  @Audited('execution.retry')
  async retry(
    @Param('id') id: string,
    @Body(checked(ReasonBody)) { reason }: Given<ReasonBody>,
    @Req() request: AdminRequest,
  ): Promise<Controlled> {
    await this.#permit(request, id, { reason });
    return this.control.retry(executionId(id), userOf(request));
  }

  /** A new execution from the same firing. */
  @Post(':id/replay')
  @HttpCode(202)
  @Needs('operator')
  @Audited('execution.replay')
  async replay(
    @Param('id') id: string,
    @Body(checked(ReplayBody)) { context, reason }: Given<ReplayBody>,
    @Req() request: AdminRequest,
  ): Promise<FireAnswer> {
    const edited = context ?? undefined;
    await this.#permit(request, id, { edited, reason });
    return fireAnswer(await this.intake.replay(executionId(id), { edited, reason, initiatedBy: userOf(request) }));
  }

  /** Whoever may not fire the trigger may not have done again what it has fired. One that is not there is refused later. */
  async #permit(request: AdminRequest, id: string, again: Again): Promise<void> {
    const found = await this.history.execution(executionId(id));
    if (found !== null) await this.permission.requireAgain(request, found, again);
  }
}
