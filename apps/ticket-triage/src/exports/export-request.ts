import { IsIn, IsOptional, Matches, Validate, ValidatorConstraint } from 'class-validator';
import type { ValidatorConstraintInterface } from 'class-validator';

const DAY = /^\d{4}-\d\d-\d\d$/;

/** A day that a calendar has: `Date` rolls the 30th of February over into March. */
@ValidatorConstraint({ name: 'isDay' })
class IsDay implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    const instant = typeof value === 'string' ? Date.parse(value) : NaN;
    return Number.isFinite(instant) && new Date(instant).toISOString().startsWith(value as string);
  }

  defaultMessage(): string {
    return '$property must be a day that there is, such as 2026-04-01';
  }
}

/** What is exported: the tickets of some days, of one team or of all. */
export class ExportRequest {
  /** The first day, `2026-04-01`, in UTC. */
  @Matches(DAY)
  @Validate(IsDay)
  readonly from!: string;

  /** The day after the last one. */
  @Matches(DAY)
  @Validate(IsDay)
  readonly to!: string;

  @IsOptional()
  @IsIn(['billing', 'operations', 'accounts', 'support'])
  readonly team?: string;
}
