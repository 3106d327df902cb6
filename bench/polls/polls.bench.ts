import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TriggersService } from 'nestjs-triggers';
import type { DatabaseOptions } from 'nestjs-triggers';
import { startApp } from '../harness/app.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { forMs } from '../harness/pace.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { EmptyLoop } from './empty-loop.js';
import { IdlePolls } from './idle-polls.js';
import { WrittenRows } from './written-rows.js';

const INTERVAL_MS = 1_000;
const SETTLE_MS = 2_500;
const TARGET_LATENESS_MS = 50;
const TARGET_CPU = 1.5;
const TARGET_KIB = 4;
const KIB = 1_024;
const US_PER_MS = 1_000;

/** What idle polls cost. */
export const polls: Bench = {
  name: 'polls',
  work: '10,000 triggers every second, each an async method that skips; the same calls at the same rate in an empty loop',
  async run(machine) {
    const count = machine.size(10_000, 1_000);
    const windowMs = machine.size(5_000, 2_000);
    const database = await machine.database();
    const app = await startApp(database, [OneTask]);
    const triggers = app.get(TriggersService);
    const idle = new IdlePolls(INTERVAL_MS);
    const before = heapBytes();
    for (let index = 0; index < count; index++) await triggers.register(idle.trigger(index));
    await forMs(SETTLE_MS);
    const perTrigger = (heapBytes() - before) / count / KIB;
    const written = rowsOf(database);
    const samples = await interleave(machine.options.rounds, {
      loop: async () => {
        await triggers.stop();
        const loop = new EmptyLoop(count, INTERVAL_MS, (index) => idle.poll(index));
        const cpu = await cpuOf(windowMs);
        loop.stop();
        return { ...cpu, calls: (loop.calls * 1_000) / windowMs };
      },
      ours: async () => {
        await triggers.start();
        await forMs(SETTLE_MS);
        idle.reset();
        written?.reset();
        const cpu = await cpuOf(windowMs);
        return { ...cpu, ...idle.seen(windowMs), written: written?.count() ?? NaN };
      },
    });
    written?.close();
    await app.close();
    return judge(samples.ours, samples.loop, perTrigger, written !== null);
  },
};

function judge(ours: readonly Sample[], loop: readonly Sample[], perTrigger: number, counted: boolean): BenchResult {
  const base = figure(loop, 'cpu', 'empty loop, CPU', 'ms/s');
  const cpu = figure(ours, 'cpu', 'nestjs-triggers, CPU', 'ms/s');
  const lateness = figure(ours, 'lateP99', 'lateness p99', 'ms');
  const rows = figure(ours, 'written', 'rows written in the window', 'rows');
  const ratio = cpu.median / base.median;
  const light = perTrigger <= TARGET_KIB && lateness.median <= TARGET_LATENESS_MS && (!counted || rows.median === 0);
  return {
    bench: 'polls',
    figures: [
      ...[base, figure(loop, 'calls', 'empty loop, calls', 'calls/s'), cpu],
      ...[figure(ours, 'calls', 'nestjs-triggers, polls', 'polls/s'), lateness],
      ...[figure(ours, 'latest', 'lateness, worst', 'ms'), ...(counted ? [rows] : [])],
      figure([{ perTrigger }], 'perTrigger', 'memory per trigger', 'KiB'),
    ],
    ratio,
    target: `CPU ≤ ${TARGET_CPU} × the loop, lateness p99 ≤ ${TARGET_LATENESS_MS} ms, no row written, ≤ ${TARGET_KIB} KiB a trigger`,
    met: ratio <= TARGET_CPU && light,
    notes: counted ? [] : ['Rows that are written are counted on SQLite only.'],
  };
}

async function cpuOf(ms: number): Promise<{ cpu: number }> {
  const before = process.cpuUsage();
  await forMs(ms);
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / US_PER_MS / (ms / 1_000) };
}

function rowsOf(database: DatabaseOptions): WrittenRows | null {
  return database.type === 'sqlite' && database.path !== undefined ? new WrittenRows(database.path) : null;
}

/** The heap after a collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
