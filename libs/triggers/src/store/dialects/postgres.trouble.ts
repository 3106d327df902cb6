import { errorMessage } from '../../model/text.js';
import { TransactionFailure } from './dialect.js';
import type { StoreTrouble } from './dialect.js';

/**
 * Connection trouble, an administrator's shutdown, no resources: the server may be back in a moment. 25P03: this process stood still in
 * an open transaction for so long that the server has ended the session.
 */
const AWAY = /^(08|57P0[123]|53|58|XX|25006|25P03)/;
const NETWORK = /^E[A-Z]{4,}$/;
/** What `pg` says, without a code, when the connection is gone. */
const LOST =
  /connection (terminated|error|timeout)|query read timeout|timeout exceeded when trying to connect|not queryable/i;

/** What an error of Postgres, or of the way to it, means. */
export function troubleOf(error: unknown): StoreTrouble {
  if (error instanceof TransactionFailure) return error.trouble;
  const code: unknown = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return LOST.test(errorMessage(error)) ? 'away' : 'item';
  if (code === '40P01' || code === '40001') return 'conflict';
  return AWAY.test(code) || NETWORK.test(code) ? 'away' : 'item';
}

/** Whether the server itself said so: what it answers with an error has not happened. */
export function isAnswer(error: unknown): boolean {
  return typeof (error as { severity?: unknown } | null)?.severity === 'string';
}
