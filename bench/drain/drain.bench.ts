import { againstBullMq, resultAgainst } from '../harness/against-bullmq.js';
import type { Bench } from '../harness/bench.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { payload } from '../harness/payload.js';
import { figure } from '../harness/rounds.js';

const TARGET_RATIO = 2;
const TARGET_DELAY_MS = 20;

/** Fire → recorded completed, one task each, against BullMQ doing the same. */
export const drain: Bench = {
  name: 'drain',
  work: '20,000 one-task executions, fire → recorded completed; the same in BullMQ jobs',
  async run(machine) {
    const count = machine.size(20_000, 2_000);
    const { ours, bullmq } = await againstBullMq(machine, {
      workflows: [OneTask],
      theirs: (bull) => bull.jobs(count),
      ours: (throughput) => ({ drain: () => throughput.measure(OneTask, count, payload) }),
    });
    const samples = ours['drain'] ?? [];
    const delay = figure(samples, 'delayP99', 'nestjs-triggers, event-loop delay p99', 'ms');
    return resultAgainst(figure(samples, 'perSecond', 'nestjs-triggers', 'executions/s'), bullmq, {
      bench: 'drain',
      unit: 'jobs/s',
      figures: [delay],
      target: `≥ ${TARGET_RATIO} × BullMQ, event-loop delay p99 ≤ ${TARGET_DELAY_MS} ms`,
      met: (ratio) => ratio >= TARGET_RATIO && delay.median <= TARGET_DELAY_MS,
    });
  },
};
