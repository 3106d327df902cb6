/** A sender is not kept waiting longer for the database: 2 s, then 503. Vendors give up after 3 to 10 s. */
export const COMMIT_DEADLINE_MS = 2_000;
