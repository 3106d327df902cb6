import 'reflect-metadata';
import type { Backends } from '../harness/app.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { paced } from '../harness/pace.js';
import { payload } from '../harness/payload.js';
import { Throughput } from '../harness/throughput.js';

const MB = 2 ** 20;
const CHUNK = 10_000;
/** The pruner passes once a minute: so it comes around ten times, and each time finds a tenth of the work. */
const CHUNK_EVERY_MS = 6_000;
const RETENTION = '30s';

/** Fires chunk after chunk, and tells after each how much memory there is. */
const backends = JSON.parse(process.argv[2] ?? '') as Backends;
const retention = { completed: RETENTION, failed: RETENTION } as const;
const throughput = await Throughput.start(backends, [OneTask], { retention });
let before: Promise<unknown> = Promise.resolve();
// A chunk that takes longer than it should delays the next one.
await paced(CHUNK_EVERY_MS, Number(process.argv[3]), () => {
  before = before.then(chunk);
});
await before;
await throughput.close();
process.disconnect();

async function chunk(): Promise<void> {
  const { perSecond } = await throughput.measure(OneTask, CHUNK, payload);
  process.send?.({ rss: process.memoryUsage().rss / MB, perSecond });
}
