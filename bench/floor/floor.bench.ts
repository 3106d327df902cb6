import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ChainOfThree } from '../chain/shapes.workflow.js';
import type { Backends } from '../harness/app.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import type { Machine } from '../harness/machine.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { payload } from '../harness/payload.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { Throughput } from '../harness/throughput.js';
import { newLoad, send } from '../webhook-ack/deliveries.js';
import { startTriggers } from '../webhook-ack/servers/triggers.server.js';
import { RecordedStatements } from './recorded-statements.js';

/** Work whose statements are recorded: an application that does it, and how fast it did. */
interface Shape {
  readonly name: string;
  readonly unit: string;
  readonly count: readonly [full: number, quick: number];
  start(backends: Backends): Promise<Worker>;
}

interface Worker {
  measure(count: number): Promise<Sample>;
  close(): Promise<void>;
}

const SHAPES: readonly Shape[] = [
  { name: 'drain', unit: 'executions/s', count: [20_000, 2_000], start: executionsOf(OneTask) },
  { name: 'chain', unit: 'executions/s', count: [10_000, 1_000], start: executionsOf(ChainOfThree) },
  { name: 'webhook-ack', unit: 'deliveries/s', count: [20_000, 2_000], start: deliveries },
];

/** How fast SQLite alone runs the statements of other benches: nothing that does this work in these rows is faster. */
export const floor: Bench = {
  name: 'floor',
  work: `the statements of ${SHAPES.map(({ name }) => `\`${name}\``).join(', ')}, recorded and run again by better-sqlite3 alone`,
  async run(machine): Promise<BenchResult> {
    if (machine.options.store !== 'sqlite')
      return { bench: 'floor', figures: [], ratio: null, target: 'none', met: null, notes: ['SQLite only.'] };
    const figures = [];
    for (const shape of SHAPES) figures.push(await measure(machine, shape));
    return {
      bench: 'floor',
      figures: figures.flat(),
      ratio: null,
      target: 'none: what SQLite does alone is the ceiling of the others',
      met: null,
      notes: figures.map(
        ([ours, alone], at) => `${SHAPES[at]?.name}: ${(ours.median / alone.median).toFixed(2)} of it.`,
      ),
    };
  },
};

async function measure(machine: Machine, shape: Shape) {
  const count = machine.size(...shape.count);
  const recorded = await record(machine, shape, count);
  const worker = await shape.start(await machine.backends());
  const samples = await interleave(machine.options.rounds, {
    ours: () => worker.measure(count),
    alone: async () => replay(machine, recorded, count),
  });
  await worker.close();
  return [
    figure(samples.ours, 'perSecond', `nestjs-triggers, ${shape.name}`, shape.unit),
    figure(samples.alone, 'perSecond', `its statements alone, ${shape.name}`, shape.unit),
  ] as const;
}

function executionsOf(workflow: typeof OneTask | typeof ChainOfThree): Shape['start'] {
  return async (backends) => {
    const throughput = await Throughput.start(backends, [workflow]);
    return {
      measure: (count) => throughput.measure(workflow, count, payload),
      close: () => throughput.close(),
    };
  };
}

/** Only what an acknowledgement waits for: the tasks are left for later. */
async function deliveries(backends: Backends): Promise<Worker> {
  const server = await startTriggers(backends, ['api']);
  return { measure: (count) => send(server, newLoad(server, count)), close: () => server.close() };
}

interface Recorded {
  readonly statements: RecordedStatements;
  /** The database as it was before. */
  readonly before: string;
}

async function record(machine: Machine, { name, start }: Shape, count: number): Promise<Recorded> {
  const path = join(machine.folder, `recorded-${name}.db`);
  const before = `${path}.before`;
  const statements = new RecordedStatements();
  statements.watch();
  const worker = await start({ database: { type: 'sqlite', path } });
  await worker.measure(count);
  const db = new Database(path);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  copyFileSync(path, before);
  await statements.during(() => worker.measure(count));
  await worker.close();
  statements.release();
  return { statements, before };
}

function replay(machine: Machine, { statements, before }: Recorded, count: number): Sample {
  const path = join(machine.folder, 'replayed.db');
  copyFileSync(before, path);
  const ms = statements.replay(path);
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  return { perSecond: (count * 1_000) / ms };
}
