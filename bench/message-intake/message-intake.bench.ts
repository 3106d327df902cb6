import type { Bench, BenchResult } from '../harness/bench.js';
import { timed } from '../harness/event-loop.js';
import type { Machine } from '../harness/machine.js';
import { NO_REDIS } from '../harness/redis.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Contender, Sample } from '../harness/rounds.js';
import { empty, fill } from './full-broker.js';
import type { Adapter, FullBroker } from './full-broker.js';
import { PREFETCH, consumePlainly } from './plain-consumer.js';
import { openInserter } from './row-inserter.js';
import type { RowInserter } from './row-inserter.js';
import { startConsumer } from './trigger-consumer.js';

const ADAPTERS = ['bullmq', 'redis-streams'] as const satisfies readonly Adapter[];
const NAMES = { bullmq: 'BullMQ', 'redis-streams': 'Redis Streams' } as const;
const UNIT = 'messages/s';
const TARGET = 1;

/** Message → committed execution, against a plain consumer that commits one row for each. */
export const messageIntake: Bench = {
  name: 'message-intake',
  work: `messages of 100 bytes out of a full queue or stream, ${PREFETCH} in hand: read, deduplicated, committed, acknowledged`,
  async run(machine) {
    const port = await machine.redis();
    if (port !== null) return measure(machine, port);
    const target = `≥ ${TARGET} × a plain consumer`;
    return {
      bench: 'message-intake',
      figures: [],
      ratio: null,
      target,
      met: null,
      notes: [`Not measured. ${NO_REDIS}.`],
    };
  },
};

async function measure(machine: Machine, port: number): Promise<BenchResult> {
  const { database } = await machine.backends();
  const rows = await openInserter(database, machine.folder);
  const contenders = Object.fromEntries(
    ADAPTERS.flatMap((adapter) => {
      const full = (): Promise<FullBroker> => fill(adapter, port, machine.size(20_000, 2_000));
      return [
        [`${adapter} plain`, plainly(full, rows)],
        [`${adapter} ours`, byTrigger(machine, full, false)],
        [`${adapter} working`, byTrigger(machine, full, true)],
      ];
    }),
  ) as Record<string, Contender>;
  const samples = await interleave(machine.options.rounds, contenders);
  await rows.close();
  return judge(samples);
}

function plainly(full: () => Promise<FullBroker>, rows: RowInserter): Contender {
  return async () => {
    const broker = await full();
    const sample = await timed(broker.count, () => consumePlainly(broker, rows));
    await empty(broker);
    return sample;
  };
}

/** The application stands already; what is timed begins with its start, so connecting is part of it on both sides. */
function byTrigger(machine: Machine, full: () => Promise<FullBroker>, runs: boolean): Contender {
  return async () => {
    const broker = await full();
    const { database } = await machine.backends();
    const consumer = await startConsumer({ database }, broker, runs);
    const sample = await timed(broker.count, () => consumer.consume());
    await consumer.close();
    await empty(broker);
    return sample;
  };
}

function judge(samples: Readonly<Record<string, readonly Sample[]>>): BenchResult {
  const speed = (adapter: Adapter, who: string, name: string) =>
    figure(samples[`${adapter} ${who}`] ?? [], 'perSecond', `${NAMES[adapter]}: ${name}`, UNIT);
  const found = ADAPTERS.map((adapter) => {
    const plain = speed(adapter, 'plain', 'a plain consumer, one row each');
    const ours = speed(adapter, 'ours', 'nestjs-triggers');
    const working = speed(adapter, 'working', 'nestjs-triggers, and runs the tasks');
    const delay = figure(samples[`${adapter} ours`] ?? [], 'delayP99', '  its event-loop delay p99', 'ms');
    return { figures: [plain, ours, delay, working], ratio: ours.median / plain.median };
  });
  const ratio = Math.min(...found.map((one) => one.ratio));
  return {
    bench: 'message-intake',
    figures: found.flatMap(({ figures }) => figures),
    ratio,
    target: `≥ ${TARGET} × a plain consumer, on both`,
    met: ratio >= TARGET,
    notes: found.map((one, index) => `${NAMES[ADAPTERS[index] as Adapter]}: ${one.ratio.toFixed(2)}.`),
  };
}
