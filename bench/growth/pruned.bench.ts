import { fileURLToPath } from 'node:url';
import type { DatabaseOptions } from 'nestjs-triggers';
import type { Backends } from '../harness/app.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import { ChildProgram } from '../harness/child-program.js';
import { watchLedger } from '../harness/ledger-watch.js';
import { figure } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { median } from '../harness/statistics.js';

const MAIN = fileURLToPath(new URL('pruned.main.js', import.meta.url));
const MB = 2 ** 20;
const CHUNKS = 100;
const QUICK_CHUNKS = 20;
/** Memory grows while code is compiled, and until the first pass of the pruner: 90 s after the start, at the latest. */
const WARM_UP = 0.25;
const TARGET_MB = 30;

/** Whether a million executions leave anything in memory or on the disk when history is pruned. */
export const prunedGrowth: Bench = {
  name: 'growth-pruned',
  work: '1,000,000 executions in a row, 10,000 every 6 s, each kept for 30 s; memory at the end against after warm-up',
  async run(machine) {
    return judge(await watch(await machine.backends(), machine.size(CHUNKS, QUICK_CHUNKS)));
  },
};

async function watch(backends: Backends, chunks: number): Promise<Sample[]> {
  const program = new ChildProgram<Sample>(MAIN, [JSON.stringify(backends), String(chunks)]);
  const seen: Promise<Sample>[] = [];
  program.onTold((sample) => seen.push(withDisk(backends.database, sample)));
  await program.ended;
  return Promise.all(seen);
}

async function withDisk(database: DatabaseOptions, sample: Sample): Promise<Sample> {
  const ledger = await watchLedger(database);
  const rows = (await ledger.tables()).find(({ table }) => table === 'triggers_execution')?.rows ?? NaN;
  const { file, log } = await ledger.disk();
  await ledger.close();
  return { ...sample, rows, disk: (file + log) / MB };
}

function judge(samples: readonly Sample[]): BenchResult {
  const warm = samples.slice(Math.ceil(samples.length * WARM_UP));
  const memory = warm.map(({ rss = NaN }) => rss);
  const middle = median(memory);
  const off = Math.max(...memory.map((rss) => Math.abs(rss - middle)));
  const third = Math.ceil(warm.length / 3);
  const [first, last] = [median(memory.slice(0, third)), median(memory.slice(-third))];
  return {
    bench: 'growth-pruned',
    figures: [
      figure(warm, 'rss', 'resident memory after warm-up', 'MB'),
      figure([{ rise: last - first }], 'rise', 'its rise, first to last third', 'MB'),
      figure([{ off }], 'off', 'furthest from its median, between two collections', 'MB'),
      figure(warm, 'disk', 'database on the disk', 'MB'),
      figure(warm, 'rows', 'executions in the database', 'rows'),
      figure(warm, 'perSecond', 'while they are fired', 'executions/s'),
    ],
    ratio: last / first,
    target: `resident memory of the last third within ± ${TARGET_MB} MB of the first, after warm-up`,
    met: Math.abs(last - first) <= TARGET_MB,
    notes: [],
  };
}
