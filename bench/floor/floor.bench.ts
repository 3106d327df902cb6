import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ChainOfThree } from '../chain/shapes.workflow.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import type { Machine } from '../harness/machine.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { payload } from '../harness/payload.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { Throughput } from '../harness/throughput.js';
import { RecordedStatements } from './recorded-statements.js';

const WORKFLOWS = [OneTask, ChainOfThree];
const SHAPES = { drain: OneTask, chain: ChainOfThree } as const;
type Shape = keyof typeof SHAPES;

/** How fast SQLite alone runs the statements of `drain` and `chain`: nothing that does this work in these rows is faster. */
export const floor: Bench = {
  name: 'floor',
  work: 'the statements of `drain` and `chain`, recorded and run again by better-sqlite3 alone',
  async run(machine): Promise<BenchResult> {
    if (machine.options.store !== 'sqlite')
      return { bench: 'floor', figures: [], ratio: null, target: 'none', met: null, notes: ['SQLite only.'] };
    const drain = await measure(machine, 'drain', machine.size(20_000, 2_000));
    const chain = await measure(machine, 'chain', machine.size(10_000, 1_000));
    const [ours, alone] = [chain.figures[0], chain.figures[1]];
    return {
      bench: 'floor',
      figures: [...drain.figures, ...chain.figures],
      ratio: ours.median / alone.median,
      target: 'none: it is the ceiling of `drain` and `chain` (the ratio is that of the chains)',
      met: null,
      notes: [],
    };
  },
};

async function measure(machine: Machine, shape: Shape, count: number) {
  const recorded = await record(machine, shape, count);
  const throughput = await Throughput.start(await machine.backends(), WORKFLOWS);
  const samples = await interleave(machine.options.rounds, {
    ours: () => throughput.measure(SHAPES[shape], count, payload),
    alone: async () => replay(machine, recorded, count),
  });
  await throughput.close();
  return {
    figures: [
      figure(samples.ours, 'perSecond', `nestjs-triggers, ${shape}`, 'executions/s'),
      figure(samples.alone, 'perSecond', `its statements alone, ${shape}`, 'executions/s'),
    ] as const,
  };
}

interface Recorded {
  readonly statements: RecordedStatements;
  /** The database as it was before. */
  readonly before: string;
}

async function record(machine: Machine, shape: Shape, count: number): Promise<Recorded> {
  const path = join(machine.folder, `recorded-${shape}.db`);
  const before = `${path}.before`;
  const statements = new RecordedStatements();
  statements.watch();
  const throughput = await Throughput.start({ database: { type: 'sqlite', path } }, WORKFLOWS);
  await throughput.measure(SHAPES[shape], count, payload);
  const db = new Database(path);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  copyFileSync(path, before);
  await statements.during(() => throughput.measure(SHAPES[shape], count, payload));
  await throughput.close();
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
