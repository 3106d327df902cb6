import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TriggersService } from 'nestjs-triggers';
import type { RuntimeTrigger } from 'nestjs-triggers';
import { startApp } from '../harness/app.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import type { Machine } from '../harness/machine.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { forMs } from '../harness/pace.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { EmptyLoop } from './empty-loop.js';
import { IdlePolls } from './idle-polls.js';
import { countWrittenRows } from './written-rows.js';

const TARGET_LATENESS_MS = 50;
const TARGET_CPU = 1.5;
const TARGET_KIB = 4;
const KIB = 1_024;
const US_PER_MS = 1_000;
const REGISTERED_AT_ONCE = 1_000;

/** How many triggers are polled how often. */
interface Shape {
  readonly bench: string;
  readonly count: number;
  readonly intervalMs: number;
  /** Until every trigger was polled once: the first polls are spread over an interval. */
  readonly settleMs: number;
  readonly windowMs: number;
}

/** What idle polls cost. */
export const polls: Bench = {
  name: 'polls',
  work: '10,000 triggers every second, each an async method that skips; the same calls at the same rate in an empty loop',
  run: (machine) => {
    const [count, windowMs] = [machine.size(10_000, 1_000), machine.size(5_000, 2_000)];
    return measure(machine, { bench: 'polls', count, intervalMs: 1_000, settleMs: 2_500, windowMs });
  },
};

/** What idle polls cost when there are very many of them, each of them rarely. */
export const manyPolls: Bench = {
  name: 'polls-many',
  work: '100,000 triggers every minute, as `polls`',
  run: (machine) => {
    const [count, intervalMs] = [machine.size(100_000, 10_000), machine.size(60_000, 6_000)];
    const shape = { count, intervalMs, settleMs: intervalMs * 1.1, windowMs: machine.size(20_000, 3_000) };
    return measure(machine, { bench: 'polls-many', ...shape });
  },
};

async function measure(machine: Machine, shape: Shape): Promise<BenchResult> {
  const { count, intervalMs, settleMs, windowMs } = shape;
  const backends = await machine.backends();
  const app = await startApp(backends, [OneTask]);
  const triggers = app.get(TriggersService);
  const idle = new IdlePolls(intervalMs);
  const before = heapBytes();
  const declared = Array.from({ length: count }, (_, index) => idle.trigger(index));
  await registerAll(triggers, declared);
  await forMs(settleMs);
  const perTrigger = (heapBytes() - before) / count / KIB;
  const written = await countWrittenRows(backends.database);
  const samples = await interleave(machine.options.rounds, {
    loop: async () => {
      await triggers.stop();
      idle.reset();
      const loop = new EmptyLoop(declared, intervalMs);
      const cpu = await cpuOf(windowMs);
      loop.stop();
      return { ...cpu, calls: (loop.skips * 1_000) / windowMs };
    },
    ours: async () => {
      await triggers.start();
      await forMs(settleMs);
      idle.reset();
      await written.reset();
      const cpu = await cpuOf(windowMs);
      return { ...cpu, ...idle.seen(windowMs), written: await written.count() };
    },
  });
  await written.close();
  await app.close();
  return judge(shape, samples.ours, samples.loop, perTrigger);
}

async function registerAll(triggers: TriggersService, declared: readonly RuntimeTrigger[]): Promise<void> {
  for (let from = 0; from < declared.length; from += REGISTERED_AT_ONCE) {
    const some = declared.slice(from, from + REGISTERED_AT_ONCE);
    await Promise.all(some.map((trigger) => triggers.register(trigger)));
  }
}

function judge({ bench }: Shape, ours: readonly Sample[], loop: readonly Sample[], perTrigger: number): BenchResult {
  const base = figure(loop, 'cpu', 'empty loop, CPU', 'ms/s');
  const cpu = figure(ours, 'cpu', 'nestjs-triggers, CPU', 'ms/s');
  const lateness = figure(ours, 'lateP99', 'lateness p99', 'ms');
  const rows = figure(ours, 'written', 'rows written in the window', 'rows');
  const ratio = cpu.median / base.median;
  const light = perTrigger <= TARGET_KIB && lateness.median <= TARGET_LATENESS_MS && rows.median === 0;
  return {
    bench,
    figures: [
      ...[base, figure(loop, 'calls', 'empty loop, calls', 'calls/s'), cpu],
      ...[figure(ours, 'calls', 'nestjs-triggers, polls', 'polls/s'), lateness],
      ...[figure(ours, 'latest', 'lateness, worst', 'ms'), rows],
      figure([{ perTrigger }], 'perTrigger', 'memory per trigger', 'KiB'),
    ],
    ratio,
    target: `CPU ≤ ${TARGET_CPU} × the loop, lateness p99 ≤ ${TARGET_LATENESS_MS} ms, no row written, ≤ ${TARGET_KIB} KiB a trigger`,
    met: ratio <= TARGET_CPU && light,
    notes: [],
  };
}

async function cpuOf(ms: number): Promise<{ cpu: number }> {
  const before = process.cpuUsage();
  await forMs(ms);
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / US_PER_MS / (ms / 1_000) };
}

/** The heap after a collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
