import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import type { FromConfig } from '../intake/trigger-options.js';
import { parseDuration } from '../model/duration.js';
import type { Duration } from '../model/duration.js';
import { TriggersError } from '../model/errors.js';
import { ROLES } from '../model/identity.js';
import type { Identity, Role } from '../model/identity.js';

/** Options of the admin API. It is closed unless one of `guards` and `token` says who gets in. */
export interface AdminOptions {
  /** Where the API lives, below the application's global prefix. @default DEFAULT_ADMIN_OPTIONS.path */
  readonly path?: string;
  /**
   * Guards of the application: classes (taken from the application's providers, or made where none provides them) or
   * instances. All must let a request pass. @default none
   */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * Who a request that passed the guards is; `null` for nobody. @default role `admin` for whoever passes
   */
  readonly identify?: (request: unknown, context: ExecutionContext) => Identity | null | Promise<Identity | null>;
  /** Bearer token of role `admin`, at least 12 characters. @default the environment variable TRIGGERS_ADMIN_TOKEN */
  readonly token?: FromConfig<string>;
  /** The least role that sees contexts, outputs, results and cursors. @default DEFAULT_ADMIN_OPTIONS.payloads */
  readonly payloads?: Exclude<Role, 'admin'>;
  /** How long a session of the dashboard lasts. @default DEFAULT_ADMIN_OPTIONS.sessionTtl */
  readonly sessionTtl?: Duration;
  /** Applied to every controller of the API: `[Public(), SkipThrottle()]`. @default none */
  readonly decorators?: readonly ClassDecorator[];
}

/** The defaults of {@link AdminOptions}. */
export const DEFAULT_ADMIN_OPTIONS = {
  path: 'admin/triggers',
  guards: [],
  payloads: 'operator',
  sessionTtl: '12h',
  decorators: [],
} as const satisfies AdminOptions;

/** {@link AdminOptions} with nothing left open. */
export interface ResolvedAdminOptions {
  /** Without slashes at its ends. */
  readonly path: string;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly identify: NonNullable<AdminOptions['identify']> | null;
  readonly token: string | null;
  readonly payloads: Role;
  readonly sessionTtlMs: number;
  /** Nobody was given access, and somebody sits at the terminal: a login code is printed. */
  readonly loginCode: boolean;
}

/** What the options depend on besides themselves. */
export interface AdminEnvironment {
  /** `TRIGGERS_ADMIN_TOKEN`. */
  readonly token: string | undefined;
  /** `NODE_ENV` is `production`. */
  readonly production: boolean;
  /** Somebody reads what is printed. */
  readonly terminal: boolean;
}

/** Injects {@link ResolvedAdminOptions}. */
export const ADMIN_OPTIONS = Symbol.for('nestjs-triggers:admin-options');

/** The shortest token that is taken. */
export const MIN_TOKEN_LENGTH = 12;

const PATH = /^[A-Za-z0-9._~-]+(\/[A-Za-z0-9._~-]+)*$/;

/** The environment of this process, read when it is asked for and not on import. */
export function adminEnvironment(): AdminEnvironment {
  const { TRIGGERS_ADMIN_TOKEN: token, NODE_ENV } = process.env;
  return {
    token: token === '' ? undefined : token,
    production: NODE_ENV === 'production',
    terminal: process.stdout.isTTY,
  };
}

/**
 * Checks the options and fills in the defaults. `token` comes as its value: functions were asked before.
 *
 * @throws TRG_DEF_INVALID_OPTION, and TRG_DEF_ADMIN_CLOSED in production when nobody was given access
 */
export function resolveAdminOptions(
  options: Omit<AdminOptions, 'token'> & { readonly token?: string | undefined },
  environment: AdminEnvironment,
): ResolvedAdminOptions {
  const given = { ...DEFAULT_ADMIN_OPTIONS, ...options };
  const token = checkToken(options.token ?? environment.token);
  if (given.identify !== undefined && given.guards.length === 0) {
    throw refuse('identify', 'says who somebody is, but no "admin.guards" say who gets in. Give at least one guard');
  }
  const closed = token === null && given.guards.length === 0;
  if (closed && environment.production) throw closedInProduction();
  return {
    path: adminPath(given),
    guards: given.guards,
    identify: given.identify ?? null,
    token,
    payloads: checkPayloads(given.payloads),
    sessionTtlMs: parseDuration(given.sessionTtl, 'Option "admin.sessionTtl"'),
    loginCode: closed && environment.terminal,
  };
}

/**
 * The path of the API without slashes at its ends.
 *
 * @throws TRG_DEF_INVALID_OPTION
 */
export function adminPath({ path = DEFAULT_ADMIN_OPTIONS.path }: Pick<AdminOptions, 'path'>): string {
  const bare = path.replace(/^\/+|\/+$/g, '');
  if (PATH.test(bare)) return bare;
  throw refuse('path', `is "${path}"; use words with slashes between them, for example "admin/triggers"`);
}

function checkToken(token: unknown): string | null {
  if (token === undefined) return null;
  // The message must not show the token.
  if (typeof token !== 'string' || token.length < MIN_TOKEN_LENGTH) {
    throw refuse(
      'token',
      `is too short: use at least ${MIN_TOKEN_LENGTH} characters, for example openssl rand -base64 32`,
    );
  }
  return token;
}

function checkPayloads(role: Role): Role {
  if (ROLES.includes(role)) return role;
  throw refuse('payloads', `is ${JSON.stringify(role)}; use "viewer" or "operator"`);
}

function closedInProduction(): TriggersError {
  return new TriggersError(
    'TRG_DEF_ADMIN_CLOSED',
    'Nobody can use the admin API in production. Set "admin.guards", "admin.token" or TRIGGERS_ADMIN_TOKEN, ' +
      'or switch it off with admin: false.',
  );
}

function refuse(name: string, problem: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', `Option "admin.${name}" ${problem}.`);
}
