import { Get, Injectable, Param, Query } from '@nestjs/common';
import type { ExecutionItem, FiringItem, TickItem } from '../../history/history.types.js';
import { HistoryService } from '../../history/history.service.js';
import type { Page } from '../../history/page.js';
import { PollControl } from '../../sources/poll/poll-control.service.js';
import { Needs } from '../access/route-access.js';
import { FiringsQuery, TicksQuery, TriggerExecutionsQuery } from '../dto/list.queries.js';
import { checked } from '../http/checked.pipe.js';
import type { Given } from '../http/checked.pipe.js';
import { TriggersService } from '../triggers.service.js';
import { selectFields } from './answers.js';

/**
 * What happened to one trigger: `/:name/executions`, `/firings`, `/ticks`. Whoever looks at ticks sees the present ones
 * where the trigger is polled; elsewhere, what its owner has written.
 */
@Injectable()
export class TriggerHistoryController {
  constructor(
    private readonly triggers: TriggersService,
    private readonly history: HistoryService,
    private readonly poller: PollControl,
  ) {}

  @Get(':name/executions')
  @Needs('viewer')
  async executions(
    @Param('name') name: string,
    @Query(checked(TriggerExecutionsQuery)) { limit, after, fields, ...filter }: Given<TriggerExecutionsQuery>,
  ): Promise<Page<Partial<ExecutionItem>>> {
    await this.triggers.get(name);
    return selectFields(await this.history.executions({ ...filter, trigger: name }, { limit, after }), fields);
  }

  @Get(':name/firings')
  @Needs('viewer')
  async firings(
    @Param('name') name: string,
    @Query(checked(FiringsQuery)) { limit, after, fields, ...filter }: Given<FiringsQuery>,
  ): Promise<Page<Partial<FiringItem>>> {
    await this.triggers.get(name);
    return selectFields(await this.history.firings({ ...filter, trigger: name }, { limit, after }), fields);
  }

  @Get(':name/ticks')
  @Needs('viewer')
  async ticks(
    @Param('name') name: string,
    @Query(checked(TicksQuery)) { limit, after, fields, ...filter }: Given<TicksQuery>,
  ): Promise<Page<Partial<TickItem>>> {
    await this.triggers.get(name);
    await this.poller.writeCounts(name);
    return selectFields(await this.history.ticks({ ...filter, trigger: name }, { limit, after }), fields);
  }
}
