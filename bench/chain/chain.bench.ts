import { againstBullMq, resultAgainst } from '../harness/against-bullmq.js';
import type { Bench } from '../harness/bench.js';
import { payload } from '../harness/payload.js';
import { figure } from '../harness/rounds.js';
import { ChainOfThree, FanOfFive } from './shapes.workflow.js';

const TARGET_RATIO = 6;

/** Chains of three tasks against BullMQ flows of three jobs, and a fan-out/fan-in, which BullMQ has not. */
export const chain: Bench = {
  name: 'chain',
  work: '10,000 chains of three tasks and 10,000 fans of five; the chains in BullMQ flows too',
  async run(machine) {
    const count = machine.size(10_000, 1_000);
    const { ours, bullmq } = await againstBullMq(machine, {
      workflows: [ChainOfThree, FanOfFive],
      theirs: (bull) => bull.chains(count),
      ours: (throughput) => ({
        chains: () => throughput.measure(ChainOfThree, count, payload),
        fans: () => throughput.measure(FanOfFive, count, payload),
      }),
    });
    const [chains, fans] = [ours['chains'] ?? [], ours['fans'] ?? []];
    return resultAgainst(figure(chains, 'perSecond', 'nestjs-triggers, chains of three', 'workflows/s'), bullmq, {
      bench: 'chain',
      unit: 'workflows/s',
      figures: [
        figure(chains, 'delayP99', 'nestjs-triggers, chains, event-loop delay p99', 'ms'),
        figure(fans, 'perSecond', 'nestjs-triggers, fans of five', 'workflows/s'),
        figure(fans, 'delayP99', 'nestjs-triggers, fans, event-loop delay p99', 'ms'),
      ],
      target: `≥ ${TARGET_RATIO} × BullMQ chains of three`,
      met: (ratio) => ratio >= TARGET_RATIO,
    });
  },
};
