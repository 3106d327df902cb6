/**
 * A sender is not kept waiting longer for the database: 2 s, then 503. Vendors give up after 3 to 10 s. A commit that was on its way may
 * still come; the key makes the retry its duplicate. With dedup `'off'` there is none: such a delivery may start twice.
 */
export const COMMIT_DEADLINE_MS = 2_000;
