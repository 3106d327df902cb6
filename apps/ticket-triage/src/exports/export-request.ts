import { IsISO8601, IsIn, IsOptional } from 'class-validator';

/** What is exported: the tickets of some days, of one team or of all. */
export class ExportRequest {
  /** The first day, `2026-04-01`, in UTC. */
  @IsISO8601({ strict: true })
  readonly from!: string;

  /** The day after the last one. */
  @IsISO8601({ strict: true })
  readonly to!: string;

  @IsOptional()
  @IsIn(['billing', 'operations', 'accounts', 'support'])
  readonly team?: string;
}
