/** Who has to act on an error, and when it shows. */
export type ErrorFamily = 'definition' | 'store' | 'context' | 'poll' | 'task' | 'engine' | 'request' | 'test' | 'bug';

interface ErrorEntry {
  readonly family: ErrorFamily;
  /** One sentence, as in `docs/reference/errors.md`. */
  readonly means: string;
  /** The HTTP status of the admin API for it; 500 where nothing is said. */
  readonly status?: number;
}

/** Every code of this package, once. A code that was published is never used for anything else. */
export const ERROR_CODES = {
  TRG_DEF_INVALID: {
    family: 'definition',
    means: 'All definition errors of the application, reported together; it refuses to start.',
  },
  TRG_DEF_INVALID_NAME: {
    family: 'definition',
    means: 'A trigger, workflow or task name has a form that is not allowed.',
  },
  TRG_DEF_RESERVED_NAME: { family: 'definition', means: 'A trigger has a name that is a route of the admin API.' },
  TRG_DEF_DUPLICATE_TRIGGER: { family: 'definition', means: 'Two triggers have one name.' },
  TRG_DEF_DUPLICATE_WEBHOOK: { family: 'definition', means: 'Two webhook triggers listen at one path.' },
  TRG_DEF_DUPLICATE_WORKFLOW: { family: 'definition', means: 'Two workflow classes have one name.' },
  TRG_DEF_DUPLICATE_TASK: { family: 'definition', means: 'Two tasks of one workflow have one id.' },
  TRG_DEF_UNKNOWN_WORKFLOW: { family: 'definition', means: 'A trigger starts a workflow that no provider declares.' },
  TRG_DEF_UNKNOWN_DEPENDENCY: {
    family: 'definition',
    means: 'A task depends on a task that its workflow does not have.',
  },
  TRG_DEF_TASK_CYCLE: { family: 'definition', means: 'The tasks of a workflow depend on each other in a circle.' },
  TRG_DEF_NO_TASKS: { family: 'definition', means: 'A workflow class has no method with @Task.' },
  TRG_DEF_UNKNOWN_CALLBACK: {
    family: 'definition',
    means: 'A callback names a method or a provider that does not exist.',
  },
  TRG_DEF_INVALID_DURATION: {
    family: 'definition',
    means: 'A duration is not a whole number and a unit, or is longer than 365 days.',
  },
  TRG_DEF_INVALID_OPTION: { family: 'definition', means: 'An option has a value that it does not take.' },
  TRG_DEF_MISSING_DRIVER: {
    family: 'definition',
    means: 'A database driver or a package of the transport is not installed; the message carries the install line.',
  },
  TRG_DEF_DATA_SOURCE: {
    family: 'definition',
    means: 'An entity trigger finds no DataSource of the application that it can use.',
  },
  TRG_DEF_ENTITY_CAPTURE: {
    family: 'definition',
    means: "The application's database does not let us capture changes; the message says what to run there.",
  },
  TRG_DEF_ADMIN_CLOSED: {
    family: 'definition',
    means: 'NODE_ENV is production and nobody was given access to the admin API.',
  },
  TRG_STORE_UNAVAILABLE: {
    family: 'store',
    means: 'The database does not answer or the disk is full; nothing was lost, try again.',
    status: 503,
  },
  TRG_STORE_PATH: { family: 'store', means: 'The folder of the SQLite file does not exist or cannot be used.' },
  TRG_STORE_READ_ONLY: { family: 'store', means: 'The database cannot be written.' },
  TRG_STORE_CORRUPT: { family: 'store', means: 'The file is damaged or is no SQLite database.' },
  TRG_STORE_POOLER: {
    family: 'store',
    means: 'A pooler stands between this process and Postgres, and drops what our connections are told.',
  },
  TRG_STORE_SCHEMA: { family: 'store', means: 'A table or an index that a promise rests on is missing.' },
  TRG_STORE_SCHEMA_NEWER: { family: 'store', means: 'The database was migrated by a newer version of this package.' },
  TRG_CONTEXT_NOT_JSON: { family: 'context', means: 'A context holds something that JSON cannot carry.', status: 400 },
  TRG_CONTEXT_TOO_LARGE: { family: 'context', means: 'A context is larger than 1 MiB.', status: 413 },
  TRG_CONTEXT_TOO_DEEP: { family: 'context', means: 'A context is nested deeper than 64 levels.', status: 400 },
  TRG_CONTEXT_RESERVED_KEY: {
    family: 'context',
    means: 'A context has a key that is reserved or dangerous.',
    status: 400,
  },
  TRG_CONTEXT_BIG_NUMBER: {
    family: 'context',
    means: 'A context has an integer that JSON readers would round.',
    status: 400,
  },
  TRG_CONTEXT_FILTER: { family: 'context', means: 'The filter of the trigger threw on a context.', status: 422 },
  TRG_CONTEXT_SCHEMA: {
    family: 'context',
    means: 'A context does not fit the input that the workflow declares.',
    status: 422,
  },
  TRG_FIRE_OPTION: {
    family: 'context',
    means: 'The runAt of a firing is no valid Date, or its priority no whole number.',
    status: 400,
  },
  TRG_FIRE_OUTBOX: {
    family: 'context',
    means: 'fire(…, { manager }) was given a manager of a DataSource that has no outbox.',
    status: 400,
  },
  TRG_DEDUP_KEY: { family: 'context', means: 'An explicit dedup key is empty, too long or no text.', status: 400 },
  TRG_POLL_RESULT: {
    family: 'poll',
    means: 'A trigger method returned something that is no TriggerResult, or too much.',
  },
  TRG_POLL_TIMEOUT: { family: 'poll', means: 'A poll did not end within its timeout.' },
  TRG_POLL_SOURCE: {
    family: 'poll',
    means: 'A built-in trigger cannot reach what it looks at; the message says what and why.',
  },
  TRG_POLL_CURSOR: { family: 'poll', means: 'A cursor is no JSON or larger than 64 KiB.', status: 400 },
  TRG_TASK_OUTPUT: { family: 'task', means: 'A task returned something that is no plain JSON object, or too much.' },
  TRG_TASK_TIMEOUT: { family: 'task', means: 'A task did not end within its timeout.' },
  TRG_TASK_ABANDONED: { family: 'task', means: 'A task took its process down too often and was given up.' },
  TRG_WORKFLOW_CHANGED: {
    family: 'engine',
    means: 'No live node declares a version of the workflow that can continue this execution.',
  },
  TRG_ENG_LEASE_LOST: { family: 'engine', means: 'This node lost its lease; the work was given to another node.' },
  TRG_ENG_STOPPED: {
    family: 'engine',
    means: 'The engine is stopping; the work goes on after the next start.',
    status: 503,
  },
  TRG_API_BAD_REQUEST: {
    family: 'request',
    means: 'A body, query or path is wrong; the fields are listed.',
    status: 400,
  },
  TRG_API_UNAUTHORIZED: { family: 'request', means: 'The request carries no valid credentials.', status: 401 },
  TRG_API_FORBIDDEN: { family: 'request', means: 'The credentials do not allow this.', status: 403 },
  TRG_API_TRIGGER_NOT_FOUND: { family: 'request', means: 'No trigger has that name.', status: 404 },
  TRG_API_WORKFLOW_NOT_FOUND: { family: 'request', means: 'No workflow has that name.', status: 404 },
  TRG_API_EXECUTION_NOT_FOUND: { family: 'request', means: 'No execution has that id.', status: 404 },
  TRG_API_DEAD_LETTER_NOT_FOUND: { family: 'request', means: 'No dead letter has that id.', status: 404 },
  TRG_API_NOT_FOUND: { family: 'request', means: 'The admin API has no such path.', status: 404 },
  TRG_API_MEDIA_TYPE: {
    family: 'request',
    means: 'A body is no application/json in UTF-8 without encoding.',
    status: 415,
  },
  TRG_API_CONFLICT: { family: 'request', means: 'The thing is in a state that does not allow this.', status: 409 },
  TRG_API_IDEMPOTENCY: {
    family: 'request',
    means: 'The Idempotency-Key was used before with another context.',
    status: 422,
  },
  TRG_MANUAL_RESULT: {
    family: 'request',
    means:
      'The method of a manual trigger returned something that is no context and no TriggerResult, or several items.',
  },
  TRG_TRIGGER_TIMEOUT: {
    family: 'request',
    means: 'The code of a trigger did not end within its timeout: nothing was fired.',
    status: 503,
  },
  TRG_API_TOO_MANY_REQUESTS: {
    family: 'request',
    means: 'Too many requests; Retry-After says when to come back.',
    status: 429,
  },
  TRG_WEBHOOK_NOT_FOUND: { family: 'request', means: 'No webhook trigger listens at that path.', status: 404 },
  TRG_WEBHOOK_METHOD: { family: 'request', means: 'A webhook is sent by another method than POST.', status: 405 },
  TRG_WEBHOOK_TOO_SLOW: { family: 'request', means: 'The body of a delivery took too long to arrive.', status: 408 },
  TRG_WEBHOOK_TOO_LARGE: {
    family: 'request',
    means: 'The body of a delivery is larger than its trigger takes.',
    status: 413,
  },
  TRG_WEBHOOK_MEDIA_TYPE: {
    family: 'request',
    means: 'A delivery has a media type or an encoding that its trigger does not take.',
    status: 415,
  },
  TRG_WEBHOOK_UNVERIFIED: {
    family: 'request',
    means: 'The sender of a delivery is not who it should be; the ledger knows why.',
    status: 401,
  },
  TRG_WEBHOOK_PAYLOAD: {
    family: 'request',
    means: 'The body of a delivery is no JSON, or does not fit what its trigger takes; the fields are listed.',
    status: 400,
  },
  TRG_WEBHOOK_UNAVAILABLE: {
    family: 'request',
    means: 'A delivery cannot be taken just now; Retry-After says when to send it again.',
    status: 503,
  },
  TRG_TEST_LIMIT: {
    family: 'test',
    means: 'The test kit waited in vain; the message lists what is on its way, or what was told instead.',
  },
  TRG_TEST_SETUP: { family: 'test', means: 'The test kit is asked for something that this application has not.' },
  TRG_BUG_UNEXPECTED: {
    family: 'bug',
    means: 'Something failed that should not; the log has the reason under the request id.',
  },
  TRG_BUG_INVALID_STATE: { family: 'bug', means: 'A state that cannot be was reached; please report it.' },
} as const satisfies Record<string, ErrorEntry>;

/** A code of {@link TriggersError}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The HTTP status that the admin API answers for a code. */
export function statusOf(code: ErrorCode): number {
  const entry: ErrorEntry = ERROR_CODES[code];
  return entry.status ?? 500;
}
