import { SetMetadata, applyDecorators } from '@nestjs/common';
import type { JsonObject } from '../../model/json.js';
import type { Role } from '../../model/identity.js';

/** Under which the needed role of a route stands. */
export const NEEDED_ROLE = Symbol.for('nestjs-triggers:needed-role');
/** Under which the audited action of a route stands. */
export const AUDITED_ACTION = Symbol.for('nestjs-triggers:audited-action');

/** Who may use a route; `'anyone'` needs no login. A route that does not say is for admins. */
export function Needs(role: Role | 'anyone'): MethodDecorator {
  return SetMetadata(NEEDED_ROLE, role);
}

/** Under which stands what the audited action of a route was about. */
export const AUDITED_FACTS = Symbol.for('nestjs-triggers:audited-facts');

/** What an audit row says of an action, besides who and why. */
export interface AuditFacts {
  readonly target: string;
  /** Facts, never payloads. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Says what an action was about, by the checked body of the request and its answer. */
export type AuditFactsOf = (body: JsonObject, answer: unknown) => AuditFacts;

/**
 * Writes an audit row when the route has done its work.
 *
 * @param facts what the row says @default the `:name` or `:id` of the path, and the ids and the state of the answer
 */
export function Audited(action: `${string}.${string}`, facts?: AuditFactsOf): MethodDecorator {
  return applyDecorators(SetMetadata(AUDITED_ACTION, action), SetMetadata(AUDITED_FACTS, facts));
}
