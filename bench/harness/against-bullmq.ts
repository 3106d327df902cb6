import { BullMq } from '../baselines/bullmq.js';
import type { BenchResult, Figure } from './bench.js';
import type { Machine } from './machine.js';
import { NO_REDIS } from './redis.js';
import { figure, interleave } from './rounds.js';
import type { Contender, Sample } from './rounds.js';
import { Throughput } from './throughput.js';

type Workflows = Parameters<typeof Throughput.start>[1];

/** What is measured, and what it is measured against. */
export interface Match {
  readonly workflows: Workflows;
  readonly theirs: (bull: BullMq) => Promise<Sample>;
  /** By name; the first is the one that is compared. */
  readonly ours: (throughput: Throughput) => Record<string, Contender>;
}

/** Samples by contender; `bullmq` is `null` where there is no Redis. */
export interface MatchSamples {
  readonly bullmq: readonly Sample[] | null;
  readonly ours: Readonly<Record<string, readonly Sample[]>>;
}

/** Measures us and BullMQ in turns. */
export async function againstBullMq(machine: Machine, match: Match): Promise<MatchSamples> {
  const throughput = await Throughput.start(await machine.backends(), match.workflows);
  const port = await machine.redis();
  const bull = port === null ? null : await BullMq.start(port);
  const contenders: Record<string, Contender> = {
    ...(bull && { bullmq: () => match.theirs(bull) }),
    ...match.ours(throughput),
  };
  const { bullmq = null, ...ours } = await interleave<Record<string, Contender>>(machine.options.rounds, contenders);
  await bull?.close();
  await throughput.close();
  return { bullmq, ours };
}

/** The result of one comparison of speeds. */
export function resultAgainst(
  speed: Figure,
  bullmq: readonly Sample[] | null,
  told: { bench: string; unit: string; target: string; figures: readonly Figure[]; met: (ratio: number) => boolean },
): BenchResult {
  const baseline = bullmq && figure(bullmq, 'perSecond', 'BullMQ', told.unit);
  const ratio = baseline && speed.median / baseline.median;
  return {
    bench: told.bench,
    figures: [
      ...(baseline && bullmq ? [baseline, figure(bullmq, 'delayP99', 'BullMQ, event-loop delay p99', 'ms')] : []),
      ...[speed, ...told.figures],
    ],
    ratio,
    target: told.target,
    met: ratio === null ? null : told.met(ratio),
    notes: baseline ? [] : [`BullMQ was not measured. ${NO_REDIS}.`],
  };
}
