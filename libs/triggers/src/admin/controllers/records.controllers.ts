import { Get, Injectable, Query } from '@nestjs/common';
import type { AuditItem, NodeItem, NodesOverview } from '../../history/history.types.js';
import { HistoryService } from '../../history/history.service.js';
import type { Page } from '../../history/page.js';
import { Needs } from '../access/route-access.js';
import { AuditQuery } from '../dto/list.queries.js';
import { checked } from '../http/checked.pipe.js';
import type { Given } from '../http/checked.pipe.js';
import { selectFields } from './answers.js';

/** What operators did: `/audit`. It names people and addresses, so it is not for viewers. */
@Injectable()
export class AuditController {
  constructor(private readonly history: HistoryService) {}

  @Get()
  @Needs('operator')
  async list(
    @Query(checked(AuditQuery)) { limit, after, fields, ...filter }: Given<AuditQuery>,
  ): Promise<Page<Partial<AuditItem>>> {
    return selectFields(await this.history.audit(filter, { limit, after }), fields);
  }
}

/** The processes of the application: `/nodes`. */
@Injectable()
export class NodesController {
  constructor(private readonly history: HistoryService) {}

  @Get()
  @Needs('viewer')
  async list(): Promise<Page<NodeItem> & NodesOverview> {
    const { items, unservedPools } = await this.history.nodes();
    return { items, next: null, total: items.length, unservedPools };
  }
}
