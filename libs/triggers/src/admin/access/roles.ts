/** Every role, the least first. A role may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;

/** `viewer` looks, `operator` starts and stops, `admin` edits cursors and deletes. */
export type Role = (typeof ROLES)[number];

/** Who somebody is, as `admin.identify` says. */
export interface Identity {
  /** Shown in the audit and as `initiatedBy`. */
  readonly id: string;
  readonly roles: readonly Role[];
}

/** Somebody who got in. */
export interface AdminUser extends Identity {
  /** How; a session by cookie has to prove that its own page asks. */
  readonly via: 'token' | 'session' | 'guards';
}

/** Whether somebody has at least that role. Roles that do not exist count for nothing. */
export function hasRole({ roles }: Pick<Identity, 'roles'>, needed: Role): boolean {
  return roles.some((role) => ROLES.indexOf(role) >= ROLES.indexOf(needed));
}
