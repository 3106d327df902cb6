import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { databaseFrom } from 'nestjs-triggers';
import type { DatabaseOptions } from 'nestjs-triggers';

/** What can be set from outside, with nothing left open. */
export interface DemoSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The watched folder. */
  readonly inboxDir: string;
  readonly database: DatabaseOptions;
  readonly token: string;
  /** Nobody gave a token: this one was made for this start and may be shown. */
  readonly tokenIsOurs: boolean;
}

/** Injects {@link DemoSettings}. */
export const SETTINGS = Symbol('settings');

/** A setting that cannot be used. The message is all that the user needs to see. */
export class SettingsError extends Error {}

/**
 * Reads HOST (127.0.0.1), PORT (3000), INBOX_DIR, TRIGGERS_DATABASE (a file or a postgres:// URL) and
 * TRIGGERS_ADMIN_TOKEN. Empty counts as not set.
 *
 * @param home where inbox and database are by default
 * @throws SettingsError
 */
export function readSettings(env: NodeJS.ProcessEnv, home: string): DemoSettings {
  const { HOST, PORT, INBOX_DIR, TRIGGERS_DATABASE, TRIGGERS_ADMIN_TOKEN } = env;
  return {
    host: HOST || '127.0.0.1',
    port: readPort(PORT || '3000'),
    inboxDir: INBOX_DIR || join(home, 'inbox'),
    database: databaseFrom(TRIGGERS_DATABASE || join(home, 'triggers.db')),
    token: TRIGGERS_ADMIN_TOKEN || randomBytes(18).toString('base64url'),
    tokenIsOurs: !TRIGGERS_ADMIN_TOKEN,
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new SettingsError(`PORT is "${text}"; use a number from 0 to 65535 (0 takes any free port).`);
}
