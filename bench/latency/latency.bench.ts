import { WorkflowRunner } from 'nestjs-triggers';
import { startApp } from '../harness/app.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import { paced } from '../harness/pace.js';
import { payload } from '../harness/payload.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { percentile } from '../harness/statistics.js';
import { Arrivals, Noted } from './noted.workflow.js';
import { openRawCommits } from './raw-commits.js';

const EVERY_MS = 10;
const TARGET_P50 = 1.5;
const TARGET_P99 = 3;

/** Fire → first task's body on an idle application, against the disk: one raw commit of the same rows. */
export const latency: Bench = {
  name: 'latency',
  work: 'one fire every 10 ms, fire → body of the first task; one raw commit of the same rows every 10 ms',
  async run(machine) {
    const backends = await machine.backends();
    const app = await startApp(backends, [Arrivals, Noted]);
    const [runner, arrivals] = [app.get(WorkflowRunner), app.get(Arrivals)];
    await arrivals.timeOf(0, () => runner.start(Noted, { ...payload(0), number: 0 }));
    const raw = await openRawCommits(backends.database, machine.folder);
    const count = machine.size(500, 100);
    const samples = await interleave(machine.options.rounds, {
      raw: () => everyTenMs(count, () => raw.commit()),
      ours: () =>
        everyTenMs(count, (index) =>
          arrivals.timeOf(index, () => runner.start(Noted, { ...payload(index), number: index })),
        ),
    });
    await raw.close();
    await app.close();
    return judge(samples.ours, samples.raw);
  },
};

async function everyTenMs(count: number, act: (index: number) => Promise<number>): Promise<Sample> {
  const times: Promise<number>[] = [];
  await paced(EVERY_MS, count, (index) => times.push(act(index)));
  const measured = await Promise.all(times);
  return { p50: percentile(measured, 0.5), p99: percentile(measured, 0.99) };
}

function judge(ours: readonly Sample[], raw: readonly Sample[]): BenchResult {
  const [rawP50, rawP99] = [figure(raw, 'p50', 'raw commit, p50', 'ms'), figure(raw, 'p99', 'raw commit, p99', 'ms')];
  const p50 = figure(ours, 'p50', 'nestjs-triggers, p50', 'ms');
  const p99 = figure(ours, 'p99', 'nestjs-triggers, p99', 'ms');
  const [ratio, ratioP99] = [p50.median / rawP50.median, p99.median / rawP99.median];
  return {
    bench: 'latency',
    figures: [rawP50, rawP99, p50, p99],
    ratio,
    target: `p50 ≤ ${TARGET_P50} ×, p99 ≤ ${TARGET_P99} × one raw commit`,
    met: ratio <= TARGET_P50 && ratioP99 <= TARGET_P99,
    notes: [`The ratio is that of p50; that of p99 is ${ratioP99.toFixed(2)}.`],
  };
}
