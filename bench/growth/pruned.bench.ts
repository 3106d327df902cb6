import type { Bench, BenchResult } from '../harness/bench.js';
import { watchLedger } from '../harness/ledger-watch.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { paced } from '../harness/pace.js';
import { payload } from '../harness/payload.js';
import { figure } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { median } from '../harness/statistics.js';
import { Throughput } from '../harness/throughput.js';

const MB = 2 ** 20;
const CHUNKS = 100;
const QUICK_CHUNKS = 20;
const CHUNK = 10_000;
/** The pruner passes once a minute: so it comes around ten times, and each time finds a tenth of the work. */
const CHUNK_EVERY_MS = 6_000;
const RETENTION = '30s';
/** Memory grows while code is compiled and the first history is kept. */
const WARM_UP = 0.25;
const TARGET_MB = 30;

/** Whether a million executions leave anything in memory or on the disk when history is pruned. */
export const prunedGrowth: Bench = {
  name: 'growth-pruned',
  work: '1,000,000 executions in a row, 10,000 every 6 s, each kept for 30 s; memory at the end against after warm-up',
  async run(machine) {
    const chunks = machine.size(CHUNKS, QUICK_CHUNKS);
    const database = await machine.database();
    const retention = { completed: RETENTION, failed: RETENTION } as const;
    const throughput = await Throughput.start(database, [OneTask], { retention });
    const ledger = await watchLedger(database);
    const samples: Sample[] = [];
    let before: Promise<unknown> = Promise.resolve();
    const chunk = async (): Promise<void> => {
      const { perSecond = NaN } = await throughput.measure(OneTask, CHUNK, payload);
      const rows = (await ledger.tables()).find(({ table }) => table === 'triggers_execution')?.rows ?? NaN;
      const { file, log } = await ledger.disk();
      samples.push({ rss: process.memoryUsage().rss / MB, disk: (file + log) / MB, rows, perSecond });
    };
    // A chunk that takes longer than it should delays the next one.
    await paced(CHUNK_EVERY_MS, chunks, () => {
      before = before.then(chunk);
    });
    await before;
    await ledger.close();
    await throughput.close();
    return judge(samples);
  },
};

function judge(samples: readonly Sample[]): BenchResult {
  const warm = samples.slice(Math.ceil(samples.length * WARM_UP));
  const memory = warm.map(({ rss = NaN }) => rss);
  const middle = median(memory);
  const off = Math.max(...memory.map((rss) => Math.abs(rss - middle)));
  const third = Math.ceil(warm.length / 3);
  const ratio = median(memory.slice(-third)) / median(memory.slice(0, third));
  return {
    bench: 'growth-pruned',
    figures: [
      figure(warm, 'rss', 'resident memory after warm-up', 'MB'),
      figure([{ off }], 'off', 'furthest from its median', 'MB'),
      figure(warm, 'disk', 'database on the disk', 'MB'),
      figure(warm, 'rows', 'executions in the database', 'rows'),
      figure(warm, 'perSecond', 'while they are fired', 'executions/s'),
    ],
    ratio,
    target: `resident memory within ± ${TARGET_MB} MB of its median`,
    met: off <= TARGET_MB,
    notes: ['The ratio is the memory of the last third against that of the first, after a quarter of warming up.'],
  };
}
