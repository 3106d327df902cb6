import { BullMq } from '../baselines/bullmq.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import { NO_REDIS } from '../harness/no-redis.js';
import { payload } from '../harness/payload.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { Throughput } from '../harness/throughput.js';
import { OneTask } from '../harness/one-task.workflow.js';

const TARGET_RATIO = 2;
const TARGET_DELAY_MS = 20;

/** Fire → recorded completed, one task each, against BullMQ doing the same. */
export const drain: Bench = {
  name: 'drain',
  work: '20,000 one-task executions, fire → recorded completed; the same in BullMQ jobs',
  async run(machine) {
    const count = machine.size(20_000, 2_000);
    const ours = await Throughput.start(await machine.database(), [OneTask]);
    const port = await machine.redis();
    const bull = port === null ? null : await BullMq.start(port);
    const samples = await interleave<Record<string, () => Promise<Sample>>>(machine.options.rounds, {
      ...(bull && { bullmq: () => bull.jobs(count) }),
      ours: () => ours.measure(OneTask, count, payload),
    });
    await bull?.close();
    await ours.close();
    return judge(samples['ours'] ?? [], samples['bullmq'] ?? null);
  },
};

function judge(ours: readonly Sample[], bullmq: readonly Sample[] | null): BenchResult {
  const speed = figure(ours, 'perSecond', 'nestjs-triggers', 'executions/s');
  const delay = figure(ours, 'delayP99', 'nestjs-triggers, event-loop delay p99', 'ms');
  const baseline = bullmq && figure(bullmq, 'perSecond', 'BullMQ', 'jobs/s');
  const ratio = baseline && speed.median / baseline.median;
  return {
    bench: 'drain',
    figures: [
      ...(baseline && bullmq ? [baseline, figure(bullmq, 'delayP99', 'BullMQ, event-loop delay p99', 'ms')] : []),
      ...[speed, delay],
    ],
    ratio,
    target: `≥ ${TARGET_RATIO} × BullMQ, event-loop delay p99 ≤ ${TARGET_DELAY_MS} ms`,
    met: ratio === null ? null : ratio >= TARGET_RATIO && delay.median <= TARGET_DELAY_MS,
    notes: baseline ? [] : [NO_REDIS],
  };
}
