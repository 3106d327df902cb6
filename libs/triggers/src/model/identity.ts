/** Every role of the admin API, the least first. A role may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;

/** `viewer` looks, `operator` starts and stops, `admin` edits cursors and deletes. */
export type Role = (typeof ROLES)[number];

/** Who somebody is, as `admin.identify` says. */
export interface Identity {
  /** Shown in the audit and as `initiatedBy`. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** What else somebody may, in the application's own words: manual triggers ask for it. @default none */
  readonly permissions?: readonly string[] | undefined;
}
