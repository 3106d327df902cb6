import { Type } from 'class-transformer';
import {
  Allow,
  IsBoolean,
  IsDate,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { MAX_TEXT } from '../../model/text.js';

/** Why an operator does something; stands in the audit. */
export class ReasonBody {
  @IsOptional()
  @IsString()
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

/** `POST /workflows/:name/run` */
export class RunBody extends ReplayBody {
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  runAt?: Date;

  @IsOptional()
  @IsInt()
  @Min(-1_000)
  @Max(1_000)
  priority?: number;
}

/** `POST /:name/fire` */
export class FireBody extends RunBody {
  @IsOptional()
  @IsString()
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
  @IsOptional()
  @IsString()
  @MaxLength(1_000)
  token?: string;

  @IsOptional()
  @IsString()
  @MaxLength(1_000)
  code?: string;
}
