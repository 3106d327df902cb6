import { SetMetadata } from '@nestjs/common';
import type { Role } from '../../model/identity.js';

/** Under which the needed role of a route stands. */
export const NEEDED_ROLE = Symbol.for('nestjs-triggers:needed-role');
/** Under which the audited action of a route stands. */
export const AUDITED_ACTION = Symbol.for('nestjs-triggers:audited-action');

/** Who may use a route; `'anyone'` needs no login. A route that does not say is for admins. */
export function Needs(role: Role | 'anyone'): MethodDecorator {
  return SetMetadata(NEEDED_ROLE, role);
}

/** Writes an audit row when the route has done its work. Its target is the `:name` or `:id` of the path. */
export function Audited(action: `${string}.${string}`): MethodDecorator {
  return SetMetadata(AUDITED_ACTION, action);
}
