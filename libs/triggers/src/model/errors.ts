import type { ErrorCode, ErrorFamily } from './error-codes.js';
import { ERROR_CODES } from './error-codes.js';
import { quoteAll } from './text.js';

const MARK = Symbol.for('nestjs-triggers:error');

/**
 * Every error that this package throws by intention. `code` is stable and listed in `docs/reference/errors.md`;
 * `message` says what happened, to which thing, and what to do next.
 */
export class TriggersError extends Error {
  readonly [MARK] = true;
  readonly family: ErrorFamily;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'TriggersError';
    this.family = ERROR_CODES[code].family;
    this.details = options.details;
  }

  /** Facts for programs: ids, paths, field errors. Never secrets. */
  readonly details: Readonly<Record<string, unknown>> | undefined;
}

/** Whether something thrown is a {@link TriggersError} (of that code). Works across copies of the package. */
export function isTriggersError(error: unknown, code?: ErrorCode): error is TriggersError {
  return (
    typeof error === 'object' &&
    error !== null &&
    MARK in error &&
    (code === undefined || (error as TriggersError).code === code)
  );
}

/** All the definition errors of an application, found at boot and reported together. The application refuses to start. */
export class DefinitionErrors extends TriggersError {
  constructor(readonly problems: readonly TriggersError[]) {
    super(
      'TRG_DEF_INVALID',
      `The triggers of this application cannot start: ${problems.length} definition ` +
        `${problems.length === 1 ? 'error' : 'errors'}.\n` +
        problems.map((problem) => `  - [${problem.code}] ${problem.message}`).join('\n'),
      { details: { problems: problems.map(({ code, message }) => ({ code, message })) } },
    );
    this.name = 'DefinitionErrors';
  }
}

/** Thrown by a task: this failure is final, do not spend further attempts. */
export class NonRetryableError extends Error {
  override readonly name = 'NonRetryableError';
}

/** Thrown by a task: try again, but not before `delayMs` milliseconds (a `Retry-After` of a service, for example). */
export class RetryAfterError extends Error {
  override readonly name = 'RetryAfterError';

  constructor(
    readonly delayMs: number,
    message = `Retry after ${delayMs}ms`,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The error of a name that nothing declares, with the names that exist. */
export function notFound(what: 'trigger' | 'workflow', name: string, known: Iterable<string>): TriggersError {
  return new TriggersError(
    what === 'trigger' ? 'TRG_API_TRIGGER_NOT_FOUND' : 'TRG_API_WORKFLOW_NOT_FOUND',
    `There is no ${what} "${name}". Known: ${quoteAll(known)}.`,
    { details: { name } },
  );
}
