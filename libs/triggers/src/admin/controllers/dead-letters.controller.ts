import { Body, Delete, Get, HttpCode, Injectable, Param, Post, Query, Req } from '@nestjs/common';
import type { DeadLetter, DeadLetterDetail } from '../../history/history.types.js';
import type { Page } from '../../history/page.js';
import type { JsonObject } from '../../model/json.js';
import { Audited, Needs } from '../access/route-access.js';
import type { AuditFacts } from '../access/route-access.js';
import { TriggerPermission } from '../access/trigger-permission.js';
import { DeadLettersService } from '../dead-letters.service.js';
import type { BulkReplay } from '../bulk-replay.js';
import { BulkReplayBody, DeadLetterBody, ReasonBody } from '../dto/bodies.js';
import { DeadLettersQuery } from '../dto/list.queries.js';
import { checked } from '../http/checked.pipe.js';
import type { Given } from '../http/checked.pipe.js';
import type { AdminRequest } from '../http/exchange.js';
import { fireAnswer, selectFields, userOf } from './answers.js';
import type { FireAnswer } from './answers.js';

/** What a bulk was asked for, and what came of it; it is about a trigger, a workflow, or everything. */
function bulkFacts({ reason: _reason, ...filter }: JsonObject, answer: unknown): AuditFacts {
  const { replayed, failed, untried } = answer as BulkReplay;
  const target = (filter['trigger'] ?? filter['workflow'] ?? '*') as string;
  return { target, details: { filter, replayed, failed, untried } };
}

/** What went wrong for good: `/dead-letters`. */
@Injectable()
export class DeadLettersController {
  constructor(
    private readonly letters: DeadLettersService,
    private readonly permission: TriggerPermission,
  ) {}

  @Get()
  @Needs('viewer')
  async list(
    @Query(checked(DeadLettersQuery)) { limit, after, fields, ...filter }: Given<DeadLettersQuery>,
  ): Promise<Page<Partial<DeadLetter>>> {
    return selectFields<DeadLetter>(await this.letters.list(filter, { limit, after }), fields);
  }

  @Get(':id')
  @Needs('viewer')
  get(@Param('id') id: string): Promise<DeadLetterDetail> {
    return this.letters.get(id.toLowerCase());
  }

  /** Everything that a filter finds. */
  @Post('replay')
  @HttpCode(200)
  @Needs('operator')
  @Audited('deadLetter.replayAll', bulkFacts)
  replayAll(
    @Body(checked(BulkReplayBody)) { limit, reason, ...filter }: Given<BulkReplayBody>,
    @Req() request: AdminRequest,
  ): Promise<BulkReplay> {
    return this.letters.replayAll(filter, {
      initiatedBy: userOf(request),
      reason,
      permit: (letter) => this.permission.requireAgain(request, letter, { reason }),
      ...(limit !== undefined && { limit }),
    });
  }

  /** A new firing from what was kept, or from what the operator has mended. */
  @Post(':id/replay')
  @HttpCode(202)
  @Needs('operator')
  @Audited('deadLetter.replay')
  async replay(
    @Param('id') id: string,
    @Body(checked(DeadLetterBody)) { payload, reason }: Given<DeadLetterBody>,
    @Req() request: AdminRequest,
  ): Promise<FireAnswer> {
    const permit = (letter: DeadLetterDetail): Promise<void> =>
      this.permission.requireAgain(request, letter, { edited: payload, reason });
    const options = { payload, reason, initiatedBy: userOf(request), permit };
    return fireAnswer(await this.letters.replay(id.toLowerCase(), options));
  }

  @Delete(':id')
  @HttpCode(204)
  @Needs('operator')
  @Audited('deadLetter.discard')
  discard(@Param('id') id: string, @Body(checked(ReasonBody)) _body: Given<ReasonBody>): Promise<void> {
    return this.letters.discard(id.toLowerCase());
  }
}
