import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, TaskContext } from 'nestjs-triggers';
import { pause } from '../pause.js';
import { settings } from './settings.js';
import { trueTime } from './shifted-clock.js';

/** One line of the record: what a body or a callback saw and did, kept outside the ledger. */
export type Effect = Deed & {
  readonly by: string;
  /** The true time, in milliseconds. */
  readonly at: number;
};

type Deed =
  | {
      readonly kind: 'began' | 'returned' | 'threw';
      readonly execution: string;
      readonly task: string;
      readonly attempt: number;
      /** Of this one run of the body. Its result carries it, so the ledger tells which run it believed. */
      readonly run: string;
      /** The runs of earlier tasks whose results this body saw, by task. */
      readonly saw: Readonly<Record<string, string>>;
      readonly item: string;
    }
  | {
      readonly kind: 'told';
      readonly execution: string;
      /** `null`: the callback of the workflow. */
      readonly task: string | null;
      readonly callback: 'onSuccess' | 'onFailure';
      /** The runs whose results it saw, by task. */
      readonly saw: Readonly<Record<string, string>>;
    };

/** What every workflow of the chaos works on. */
export interface Work extends JsonObject {
  /** Unique. */
  item: string;
  /** How long a body takes. */
  ms: number;
  /** Bodies that throw: not at all, in their first attempt, always. */
  fails: 'never' | 'once' | 'always';
  runs?: Record<string, string>;
  /** The end that it follows. */
  end?: { execution: string; state: string };
}

/** A line that is in the page cache when this returns: it outlives the process, as the outside world would. */
export function record(deed: Deed): void {
  append('effects.jsonl', { ...deed, by: settings.name, at: trueTime() } satisfies Effect);
}

/** The body of a poll was called. */
export interface Polled {
  readonly trigger: string;
  readonly by: string;
  readonly at: number;
}

/** Says that this process polls a trigger. */
export function recordPoll(trigger: string): void {
  append('polls.jsonl', { trigger, by: settings.name, at: trueTime() } satisfies Polled);
}

function append(file: string, line: unknown): void {
  appendFileSync(join(settings.folder, file), `${JSON.stringify(line)}\n`);
}

/** The runs whose results are in a context. */
export function runsIn(context: { get(key: string): unknown }): Readonly<Record<string, string>> {
  return (context.get('runs') as Record<string, string> | undefined) ?? {};
}

/** The body of every task: begins, takes its time, perhaps throws, and returns a result that names this run. */
export async function act(context: TaskContext<Work>, mayFail = false): Promise<JsonObject> {
  const run = randomUUID();
  const { executionId, taskId, attempt, data } = context;
  const saw = runsIn(context);
  const effect = { execution: executionId, task: taskId, attempt, run, saw, item: data.item };
  record({ kind: 'began', ...effect });
  await Promise.race([pause(data.ms), aborted(context.signal)]);
  if (mayFail && (data.fails === 'always' || (data.fails === 'once' && attempt === 1))) {
    record({ kind: 'threw', ...effect });
    throw new Error(`${taskId} of ${data.item} fails ${data.fails}`);
  }
  record({ kind: 'returned', ...effect });
  return { runs: { [taskId]: run } };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('told to stop')));
  });
}
