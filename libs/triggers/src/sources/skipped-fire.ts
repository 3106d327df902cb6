/** The method of a trigger that somebody fired decided that nothing fires; nothing was stored. */
export interface SkippedFire {
  readonly status: 'skipped';
  readonly firingId: null;
  readonly executionIds: readonly [];
  readonly of: null;
  readonly dedupKey: null;
  readonly state: null;
  /** In the words of the method. */
  readonly reason: string | null;
  readonly delayedMs: 0;
}

/** What a method decided that wants nothing to fire. */
export function skipped(reason: string | null): SkippedFire {
  return {
    status: 'skipped',
    firingId: null,
    executionIds: [],
    of: null,
    dedupKey: null,
    state: null,
    reason,
    delayedMs: 0,
  };
}
