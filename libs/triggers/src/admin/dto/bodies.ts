import {
  Allow,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { DEAD_LETTER_KINDS } from '../../history/history.types.js';
import type { DeadLetterKind } from '../../history/history.types.js';
import { MAX_TEXT } from '../../model/text.js';
import { OptionalInstant, OptionalText } from './optional.decorators.js';

/** The most dead letters that one call replays. */
export const MAX_BULK_REPLAY = 1_000;

/** Why an operator does something; stands in the audit. */
export class ReasonBody {
  @OptionalText()
  @MaxLength(MAX_TEXT)
  reason?: string;
}

/** `PATCH /:name`; `null` removes an override. */
export class PatchTriggerBody extends ReasonBody {
  @IsOptional()
  @IsBoolean()
  enabled?: boolean | null;

  @IsOptional()
  @Matches(/^\d+(ms|s|m|h|d)$/, {
    message: 'pollInterval must be a whole number and one of ms, s, m, h, d, for example "30s"',
  })
  pollInterval?: string | null;
}

/** `POST /executions/:id/replay` */
export class ReplayBody extends ReasonBody {
  static readonly payloads = ['context'];

  @IsOptional()
  @IsObject()
  context?: object;
}

/** `POST /dead-letters/:id/replay` */
export class DeadLetterBody extends ReasonBody {
  static readonly payloads = ['payload'];

  @Allow()
  payload?: unknown;
}

/** `POST /dead-letters/replay`: which ones. */
export class BulkReplayBody extends ReasonBody {
  @IsOptional()
  @IsIn(DEAD_LETTER_KINDS)
  kind?: DeadLetterKind;

  @OptionalText()
  trigger?: string;

  @OptionalText()
  workflow?: string;

  @OptionalInstant()
  from?: Date;

  @OptionalInstant()
  to?: Date;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_BULK_REPLAY)
  limit?: number;
}

/** `POST /workflows/:name/run` */
export class RunBody extends ReplayBody {
  @OptionalInstant()
  runAt?: Date;

  @IsOptional()
  @IsInt()
  @Min(-1_000)
  @Max(1_000)
  priority?: number;
}

/** `POST /:name/fire` */
export class FireBody extends RunBody {
  @OptionalText()
  @IsNotEmpty()
  @MaxLength(MAX_TEXT)
  dedupKey?: string;
}

/** `PUT /:name/cursor`; `null` begins anew. */
export class CursorBody extends ReasonBody {
  static readonly payloads = ['cursor'];

  @Allow()
  cursor?: unknown;
}

/** `POST /session`: one of them. */
export class SessionBody {
  @OptionalText()
  @MaxLength(1_000)
  token?: string;

  @OptionalText()
  @MaxLength(1_000)
  code?: string;
}
