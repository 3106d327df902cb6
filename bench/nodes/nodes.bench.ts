import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { WorkflowRunner } from 'nestjs-triggers';
import type { TriggersOptions } from 'nestjs-triggers';
import { startApp } from '../harness/app.js';
import type { Backends } from '../harness/app.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import { ChildProgram } from '../harness/child-program.js';
import { Countdown } from '../harness/countdown.js';
import { timed } from '../harness/event-loop.js';
import type { Machine } from '../harness/machine.js';
import { payload } from '../harness/payload.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { BODY_MS, Patient } from './patient.workflow.js';

const MAIN = fileURLToPath(new URL('worker.main.js', import.meta.url));
const NODES = [1, 2, 3, 4] as const;
/** Few enough that bodies wait and cores do not: a node then makes at most 800 executions a second. */
const CONCURRENCY = 4;
const CALLERS = 100;
const SECONDS = 2;
const TARGET = 0.8;

/** Whether more processes do more work: one that fires, one to four that run tasks of 5 ms. */
export const nodes: Bench = {
  name: 'nodes',
  work: `1, 2, 3 and 4 processes that run tasks of ${BODY_MS} ms, ${CONCURRENCY} at once each, and one more that fires; on Postgres`,
  async run(machine) {
    if (machine.options.store === 'postgres') return measure(machine);
    const target = 'on Postgres only: one process runs the engine of a SQLite file';
    return { bench: 'nodes', figures: [], ratio: null, target, met: null, notes: ['Run it with --store postgres.'] };
  },
};

async function measure(machine: Machine): Promise<BenchResult> {
  const contenders = NODES.map((count) => [`${count}`, () => round(machine, count)] as const);
  const samples = await interleave(machine.options.rounds, Object.fromEntries(contenders));
  const speeds = NODES.map((count) =>
    figure(samples[`${count}`] ?? [], 'perSecond', `${count} ${count === 1 ? 'node' : 'nodes'}`, 'executions/s'),
  );
  const most = NODES.length;
  const ratio = speeds[most - 1]!.median / speeds[0]!.median / most;
  const busy = figure(samples[`${most}`] ?? [], 'busy', `cores busy with ${most} nodes`, '%');
  const target = `${most} nodes ≥ ${TARGET} × ${most} × one node, until the database or the cores are busy`;
  return { bench: 'nodes', figures: [...speeds, busy], ratio, target, met: ratio >= TARGET, notes: [] };
}

/** A database of its own, so that no round finds what another left. */
async function round(machine: Machine, count: number): Promise<Sample> {
  const backends = await machine.backends();
  const app = await startApp(backends, [Patient], { autostart: false });
  const workers = Array.from({ length: count }, () => workerOn(backends));
  try {
    await Promise.all(workers.map((worker) => worker.next()));
    const ideal = (count * CONCURRENCY * 1_000) / BODY_MS;
    const total = machine.size(Math.round(ideal * SECONDS), 400 * count);
    const before = busyTime();
    const sample = await timed(total, () => complete(total, app.get(WorkflowRunner), workers));
    return { ...sample, busy: shareOf(before, busyTime()) };
  } finally {
    await app.close();
    await Promise.all(workers.map((worker) => worker.letGo()));
  }
}

/** Tells that it is ready, then how many more executions have completed. */
type Worker = ChildProgram<number>;

function workerOn(backends: Backends): Worker {
  const options: TriggersOptions = { worker: { concurrency: CONCURRENCY } };
  return new ChildProgram(MAIN, [JSON.stringify(backends), JSON.stringify(options)]);
}

async function complete(total: number, runner: WorkflowRunner, workers: readonly Worker[]): Promise<void> {
  const done = new Countdown();
  const completed = done.of(total);
  for (const worker of workers) worker.onTold((more) => done.hit(more));
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < total) await runner.start(Patient, payload(next++));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  await Promise.race(workers.map((worker) => worker.before(completed)));
}

interface Times {
  readonly busy: number;
  readonly all: number;
}

function busyTime(): Times {
  const times = cpus().map((core) => core.times);
  const all = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { all, busy: all - times.reduce((sum, { idle }) => sum + idle, 0) };
}

function shareOf(before: Times, after: Times): number {
  return (100 * (after.busy - before.busy)) / (after.all - before.all);
}
