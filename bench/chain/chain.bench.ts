import { BullMq } from '../baselines/bullmq.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import { NO_REDIS } from '../harness/no-redis.js';
import { payload } from '../harness/payload.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { Throughput } from '../harness/throughput.js';
import { ChainOfThree, FanOfFive } from './shapes.workflow.js';

const TARGET_RATIO = 6;

/** Chains of three tasks against BullMQ flows of three jobs, and a fan-out/fan-in, which BullMQ has not. */
export const chain: Bench = {
  name: 'chain',
  work: '10,000 chains of three tasks and 10,000 fans of five; the chains in BullMQ flows too',
  async run(machine) {
    const count = machine.size(10_000, 1_000);
    const ours = await Throughput.start(await machine.database(), [ChainOfThree, FanOfFive]);
    const port = await machine.redis();
    const bull = port === null ? null : await BullMq.start(port);
    const samples = await interleave<Record<string, () => Promise<Sample>>>(machine.options.rounds, {
      ...(bull && { bullmq: () => bull.chains(count) }),
      chains: () => ours.measure(ChainOfThree, count, payload),
      fans: () => ours.measure(FanOfFive, count, payload),
    });
    await bull?.close();
    await ours.close();
    return judge(samples['chains'] ?? [], samples['fans'] ?? [], samples['bullmq'] ?? null);
  },
};

function judge(chains: readonly Sample[], fans: readonly Sample[], bullmq: readonly Sample[] | null): BenchResult {
  const speed = figure(chains, 'perSecond', 'nestjs-triggers, chains of three', 'workflows/s');
  const fanSpeed = figure(fans, 'perSecond', 'nestjs-triggers, fans of five', 'workflows/s');
  const baseline = bullmq && figure(bullmq, 'perSecond', 'BullMQ, chains of three', 'workflows/s');
  const ratio = baseline && speed.median / baseline.median;
  return {
    bench: 'chain',
    figures: [
      ...(baseline ? [baseline] : []),
      speed,
      figure(chains, 'delayP99', 'nestjs-triggers, chains, event-loop delay p99', 'ms'),
      fanSpeed,
      figure(fans, 'delayP99', 'nestjs-triggers, fans, event-loop delay p99', 'ms'),
    ],
    ratio,
    target: `≥ ${TARGET_RATIO} × BullMQ chains of three`,
    met: ratio === null ? null : ratio >= TARGET_RATIO,
    notes: baseline
      ? [
          `The fans reach ${(fanSpeed.median / baseline.median).toFixed(2)} × BullMQ's chains, with five tasks against three.`,
        ]
      : [NO_REDIS],
  };
}
