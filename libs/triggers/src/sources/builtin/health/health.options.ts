import type { Duration } from '../../../model/duration.js';
import { resolveUrl } from '../http/http.options.js';
import type { ResolvedUrl, UrlOptions } from '../http/http.options.js';
import { durationMs, invalid, oneOf } from '../option.checks.js';

/** How it is with what is watched. */
export type HealthState = 'down' | 'up';

/** What fires when it went down, or came back. */
export type HealthChange<S extends HealthState = HealthState> = Extract<HealthDown | HealthUp, { readonly state: S }>;

/** So many checks in a row have failed. */
export interface HealthDown {
  readonly state: 'down';
  readonly failures: number;
  /** When the first of them was: an ISO 8601 instant. */
  readonly since: string;
  /** Why the last of them failed. */
  readonly error: string;
}

/** The first good check after that. */
export interface HealthUp {
  readonly state: 'up';
  /** When the first check failed: an ISO 8601 instant. */
  readonly since: string;
  /** From then to now. */
  readonly downForMs: number;
}

/** What `healthTrigger` and {@link HealthSource} watch: `url` or `check`. */
export interface HealthOptions<On extends HealthState = HealthState> extends Partial<UrlOptions> {
  /** Looks whether all is well: it is not when this returns `false`, throws, or takes too long. @default asks `url`: 2xx is well */
  readonly check?: (signal: AbortSignal) => unknown;
  /** So many failed checks in a row mean down. @default DEFAULT_HEALTH_OPTIONS.failures */
  readonly failures?: number;
  /** How long one check may take; less than `timeout`, which ends the poll. @default DEFAULT_HEALTH_OPTIONS.checkTimeout */
  readonly checkTimeout?: Duration;
  /** What fires. @default DEFAULT_HEALTH_OPTIONS.on */
  readonly on?: readonly On[];
}

/** The defaults of {@link HealthOptions}. */
export const DEFAULT_HEALTH_OPTIONS = {
  failures: 3,
  checkTimeout: '5s',
  on: ['down', 'up'],
} as const satisfies Partial<HealthOptions>;

/** {@link HealthOptions} with nothing left open. */
export interface ResolvedHealthOptions {
  readonly target: { readonly check: (signal: AbortSignal) => unknown } | { readonly url: ResolvedUrl };
  readonly failures: number;
  readonly checkTimeoutMs: number;
  readonly on: readonly HealthState[];
}

/** @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
export function resolveHealthOptions(given: HealthOptions, where: string): ResolvedHealthOptions {
  const { failures, checkTimeout, on } = { ...DEFAULT_HEALTH_OPTIONS, ...given };
  if (!Number.isSafeInteger(failures) || failures < 1)
    throw invalid(where, 'failures', failures, 'a whole number from 1');
  const states: readonly unknown[] = Array.isArray(on) && on.length > 0 ? on : [on];
  return {
    target: targetOf(given, where),
    failures,
    checkTimeoutMs: durationMs(where, 'checkTimeout', checkTimeout),
    on: states.map((one) => oneOf<HealthState>(where, 'on', one, ['down', 'up'])),
  };
}

function targetOf({ check, url, ...more }: HealthOptions, where: string): ResolvedHealthOptions['target'] {
  if (typeof check === 'function' && url === undefined) return { check };
  if (check === undefined && url !== undefined) return { url: resolveUrl({ ...more, url }, where) };
  throw invalid(where, 'check', check, 'a function, or give "url" instead: one of the two');
}
