import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Duration } from 'nestjs-triggers';

/** What can be set from outside, with nothing left open. */
export interface Settings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where files are kept; made when it is missing. */
  readonly dataDir: string;
  /** The database of the shop: a file or `postgres://…`. */
  readonly database: string;
  /** The ledger of nestjs-triggers: another file, or `postgres://…`, which may be the same one. */
  readonly ledger: string;
  /** Opens the admin API. */
  readonly token: string;
  /** Who takes mail; `undefined`: it is printed. */
  readonly mailUrl: string | undefined;
  /** How long the work of a process stays its own when it does not answer. */
  readonly lease: Duration;
}

/** Injects {@link Settings}. */
export const SETTINGS = Symbol('settings');

/**
 * Reads the environment; empty counts as not set.
 *
 * @param home where data are kept by default
 * @throws Error when the token is missing, with one that could be used
 */
export function readSettings(env: NodeJS.ProcessEnv, home: string): Settings {
  const { HOST, PORT, DATA_DIR, DATABASE_URL, TRIGGERS_DATABASE, TRIGGERS_ADMIN_TOKEN, MAIL_URL, LEASE } = env;
  const dataDir = DATA_DIR || join(home, 'data');
  if (!TRIGGERS_ADMIN_TOKEN) {
    const example = randomBytes(18).toString('base64url');
    throw new Error(`Set TRIGGERS_ADMIN_TOKEN. One that nobody else has: export TRIGGERS_ADMIN_TOKEN='${example}'`);
  }
  return {
    host: HOST || '127.0.0.1',
    port: Number(PORT || 3000),
    dataDir,
    database: DATABASE_URL || join(dataDir, 'shop.db'),
    ledger: TRIGGERS_DATABASE || join(dataDir, 'triggers.db'),
    token: TRIGGERS_ADMIN_TOKEN,
    mailUrl: MAIL_URL || undefined,
    lease: (LEASE || '30s') as Duration,
  };
}
