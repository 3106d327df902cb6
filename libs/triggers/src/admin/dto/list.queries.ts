import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, MaxLength, Min } from 'class-validator';
import { DEAD_LETTER_KINDS } from '../../history/history.types.js';
import type { DeadLetterKind } from '../../history/history.types.js';
import { MAX_PAGE_LIMIT } from '../../history/page.js';
import { EXECUTION_EDGES } from '../../model/states.js';
import type { ExecutionState, FiringState } from '../../model/states.js';
import { OptionalInstant, OptionalText } from './optional.decorators.js';

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

  @OptionalText()
  @MaxLength(200)
  after?: string;

  /** Names of top-level fields, with commas between them. */
  @OptionalText()
  @MaxLength(500)
  fields?: string;
}

/** A list of what happened takes a range of time as well. */
export class RangeQuery extends ListQuery {
  @OptionalInstant()
  from?: Date;

  @OptionalInstant()
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
  @OptionalText()
  workflow?: string;

  @OptionalText()
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

  @OptionalText()
  trigger?: string;

  @OptionalText()
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
  @OptionalText()
  actor?: string;

  @OptionalText()
  action?: string;

  @OptionalText()
  target?: string;
}
