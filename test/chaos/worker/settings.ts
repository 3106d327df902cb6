import type { CrashPoint } from 'nestjs-triggers/testing';

/** What the driver tells a worker at its start, as JSON in the environment variable `CHAOS`. */
export interface WorkerSettings {
  readonly database: { readonly url: string; readonly schema?: string };
  /** Where items, marks of what is done and the record of effects are: a folder that no fault touches. */
  readonly folder: string;
  readonly name: string;
  readonly lease: string;
  /** Ready tasks are told by BullMQ. */
  readonly bullMq?: { readonly connection: string; readonly prefix: string };
  /** The wall clock of the process is off by so much, from the start on. */
  readonly clockOffMs?: number;
  /** The process dies there. */
  readonly crash?: { readonly point: CrashPoint; readonly nth: number };
  /** Count the points that are reached, for `{ ask: 'points' }`. */
  readonly countPoints?: boolean;
}

/** What the driver sends while the worker runs. */
export type Command =
  /** The wall clock of the process is off by so much from now on; monotonic time is not. */
  | { readonly shiftClockMs: number }
  /** The crash point is passed without harm from now on. */
  | { readonly disarm: true }
  | { readonly ask: 'points' };

/** What a worker sends. */
export type Told =
  | { readonly ready: string }
  | { readonly points: readonly (readonly [CrashPoint, number])[] }
  | { readonly clockShifted: number }
  | { readonly disarmed: true };

/** The token of the admin API. */
export const TOKEN = 'a-token-of-the-chaos';

/** The settings of this process. */
export const settings = JSON.parse(process.env['CHAOS'] ?? '{}') as WorkerSettings;
