import { contextToJson } from '../model/context.js';
import { NonRetryableError, isTriggersError } from '../model/errors.js';
import { isPlainObject } from '../model/json.js';
import { cleanText } from '../model/text.js';
import type { StoredError } from '../store/claimer.js';
import type { AttemptContext } from './task-context.impl.js';

const MAX_STACK = 4_096;

/** What a task returned that it may not return. Not retried: it would return the same again. */
export class TaskOutputError extends NonRetryableError {
  readonly code = 'TRG_TASK_OUTPUT';
}

/**
 * The JSON of a task's output: what it returned laid over what it `set`; `null` for nothing.
 *
 * @throws TaskOutputError for anything but a plain JSON object, the context itself, or nothing
 */
export function outputJson(returned: unknown, context: AttemptContext): string | null {
  const given = returned === undefined || returned === null || returned === context ? {} : returned;
  if (!isPlainObject(given)) {
    throw new TaskOutputError(
      `Task "${context.taskId}" returned ${Array.isArray(given) ? 'an array' : `a ${typeof given === 'object' ? 'class instance' : typeof given}`}. ` +
        'Return a plain object, the context, or nothing.',
    );
  }
  const output: Record<string, unknown> = { ...Object.fromEntries(context.written), ...given };
  if (Object.keys(output).length === 0) return null;
  try {
    return contextToJson(output, { what: `Task "${context.taskId}": the output` });
  } catch (error) {
    throw isTriggersError(error) ? new TaskOutputError(error.message, { cause: error }) : error;
  }
}

/** An error as rows and the API carry it: cleaned and cut; never its `cause`, which may hold secrets. */
export function storedError(error: unknown): StoredError {
  if (!(error instanceof Error)) return { name: 'Error', message: cleanText(String(error)) };
  const code: unknown = (error as { code?: unknown }).code;
  return {
    name: cleanText(error.name),
    message: cleanText(error.message),
    ...(typeof code === 'string' && { code: cleanText(code) }),
    ...(error.stack !== undefined && { stack: error.stack.slice(0, MAX_STACK) }),
  };
}

/** The error that a row holds, made into an `Error` again. */
export function restoredError(stored: StoredError): Error {
  const error = new Error(stored.message);
  error.name = stored.name;
  if (stored.stack !== undefined) error.stack = stored.stack;
  return stored.code === undefined ? error : Object.assign(error, { code: stored.code });
}
