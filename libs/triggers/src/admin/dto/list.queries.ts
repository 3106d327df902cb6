import { Type } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { DEAD_LETTER_KINDS } from '../../history/history.types.js';
import type { DeadLetterKind } from '../../history/history.types.js';
import { MAX_PAGE_LIMIT } from '../../history/page.js';
import { EXECUTION_EDGES } from '../../model/states.js';
import type { ExecutionState, FiringState } from '../../model/states.js';

const EXECUTION_STATES = Object.keys(EXECUTION_EDGES);
const FIRING_STATES: readonly FiringState[] = [
  'accepted',
  'rejected',
  'filtered',
  'limited',
  'debounced',
  'held',
  'dead',
];
const TICK_OUTCOMES = ['fired', 'skipped', 'failed', 'superseded'] as const;

/** What every list takes. */
export class ListQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_LIMIT)
  limit?: number;

  @IsOptional()
  @IsString()
  @MaxLength(200)
  after?: string;

  /** Names of top-level fields, with commas between them. */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  fields?: string;
}

/** A list of what happened takes a range of time as well. */
export class RangeQuery extends ListQuery {
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  from?: Date;

  @IsOptional()
  @Type(() => Date)
  @IsDate()
  to?: Date;
}

/** `GET /:name/executions` */
export class TriggerExecutionsQuery extends RangeQuery {
  @IsOptional()
  @IsIn(EXECUTION_STATES)
  state?: ExecutionState;
}

/** `GET /executions` */
export class ExecutionsQuery extends TriggerExecutionsQuery {
  @IsOptional()
  @IsString()
  workflow?: string;

  @IsOptional()
  @IsString()
  trigger?: string;
}

/** `GET /dead-letters` */
export class DeadLettersQuery extends RangeQuery {
  @IsOptional()
  @IsIn(DEAD_LETTER_KINDS)
  kind?: DeadLetterKind;

  @IsOptional()
  @IsIn(['open', 'closed', 'all'])
  state?: 'open' | 'closed' | 'all';

  @IsOptional()
  @IsString()
  trigger?: string;

  @IsOptional()
  @IsString()
  workflow?: string;
}

/** `GET /:name/firings` */
export class FiringsQuery extends RangeQuery {
  @IsOptional()
  @IsIn(FIRING_STATES)
  state?: FiringState;
}

/** `GET /:name/ticks` */
export class TicksQuery extends RangeQuery {
  @IsOptional()
  @IsIn(TICK_OUTCOMES)
  outcome?: (typeof TICK_OUTCOMES)[number];
}

/** `GET /audit` */
export class AuditQuery extends RangeQuery {
  @IsOptional()
  @IsString()
  actor?: string;

  @IsOptional()
  @IsString()
  action?: string;

  @IsOptional()
  @IsString()
  target?: string;
}
