import { ROLES } from '../../model/identity.js';
import type { Identity, Role } from '../../model/identity.js';

/** Somebody who got in. */
export interface AdminUser extends Identity {
  /** How; a session by cookie has to prove that its own page asks. */
  readonly via: 'token' | 'session' | 'guards';
}

/** Whether somebody has at least that role. Roles that do not exist count for nothing. */
export function hasRole({ roles }: Pick<Identity, 'roles'>, needed: Role): boolean {
  return roles.some((role) => ROLES.indexOf(role) >= ROLES.indexOf(needed));
}
