import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Duration } from 'nestjs-triggers';

/** What can be set from outside, with nothing left open. */
export interface Settings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where tickets and exports are kept; made when it is missing. */
  readonly dataDir: string;
  /** The ledger: a file or `postgres://…`. */
  readonly database: string;
  /** Opens the admin API. */
  readonly token: string;
  /** Shared with the ticket system: `whsec_<base64>`. */
  readonly webhookSecret: string;
  readonly model: ModelSettings;
  /** Where teams, alerts and reports are told; `undefined`: stdout. */
  readonly helpdeskUrl: string | undefined;
  /** How often old exports and tickets are deleted. */
  readonly cleanUpEvery: Duration;
  /** How long the work of a process stays its own when it does not answer. */
  readonly lease: Duration;
}

/** An endpoint that speaks OpenAI's chat completions. */
export interface ModelSettings {
  /** Without a slash at its end, such as `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly name: string;
}

/** Injects {@link Settings}. */
export const SETTINGS = Symbol('settings');

/**
 * Reads the environment; empty counts as not set.
 *
 * @param home where data are kept by default
 * @throws Error when a secret is missing, with one that could be used
 */
export function readSettings(env: NodeJS.ProcessEnv, home: string): Settings {
  const { HOST, PORT, DATA_DIR, TRIGGERS_DATABASE, LEASE, HELPDESK_URL, CLEAN_UP_EVERY } = env;
  const { OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL } = env;
  const dataDir = DATA_DIR || join(home, 'data');
  return {
    host: HOST || '127.0.0.1',
    port: Number(PORT || 3000),
    dataDir,
    database: TRIGGERS_DATABASE || join(dataDir, 'triggers.db'),
    token: secret(env, 'TRIGGERS_ADMIN_TOKEN', () => randomBytes(18).toString('base64url')),
    webhookSecret: secret(env, 'WEBHOOK_SECRET', () => `whsec_${randomBytes(24).toString('base64')}`),
    model: {
      baseUrl: (OPENAI_BASE_URL || '').replace(/\/$/, ''),
      apiKey: OPENAI_API_KEY || '',
      name: OPENAI_MODEL || 'gpt-4o-mini',
    },
    helpdeskUrl: HELPDESK_URL || undefined,
    cleanUpEvery: (CLEAN_UP_EVERY || '5m') as Duration,
    lease: (LEASE || '30s') as Duration,
  };
}

/** What somebody else has to know cannot be made up here: it would be another one after the next start. */
function secret(env: NodeJS.ProcessEnv, name: string, example: () => string): string {
  const given = env[name];
  if (given) return given;
  throw new Error(`Set ${name}. One that nobody else has: export ${name}='${example()}'`);
}
