import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

declare const BRAND: unique symbol;

/** A UUIDv7 that names one kind of thing; ids of different kinds do not mix at compile time. */
export type Id<Kind extends string> = string & { readonly [BRAND]: Kind };

/** Names one row of the firing ledger. */
export type FiringId = Id<'firing'>;
/** Names one execution of a workflow. */
export type ExecutionId = Id<'execution'>;
/** Names one task execution. */
export type TaskExecutionId = Id<'task'>;
/** Names one running process of the application (a new one at every start). */
export type NodeId = Id<'node'>;
/** Names one end of an execution that a trigger is to follow. */
export type FollowUpId = Id<'followUp'>;
/** Proves that its holder claimed a task; a result without the current token is refused. */
export type LeaseToken = Id<'lease'>;

const RANDOM_BYTES = 16;
const pool = Buffer.alloc(RANDOM_BYTES * 256);
let used = pool.length;
let lastMs = 0;
let sequence = 0;

/**
 * A new id: UUIDv7 (RFC 9562), so ids sort by the time they were made; those of one process in the order of their making.
 * Random bytes are drawn for many ids at once, because one system call per id is most of its cost.
 */
export function newId<T extends Id<string>>(): T {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, (used += RANDOM_BYTES));
  const now = Date.now();
  // RFC 9562, 6.2, method 1: a counter, seeded below half of its range, for ids of one millisecond.
  if (now > lastMs) [lastMs, sequence] = [now, random.readUInt32BE(6) >>> 1];
  else sequence += 1;
  return v7({ random, msecs: lastMs, seq: sequence }) as T;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text from outside has the form of one of our ids. */
export function isId(text: string): boolean {
  return UUID.test(text);
}

/** The smallest id that could have been made at an instant: for finding rows by age through their primary key. */
export function firstIdAt(ms: number): string {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}
