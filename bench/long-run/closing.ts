import { forMs } from '../harness/pace.js';
import type { AppProcess } from './app/app-process.js';
import type { DemoClient } from './load/demo.client.js';
import type { MixedLoad } from './load/mixed-load.js';
import type { Sampler } from './watch/sampler.js';

const PATIENCE_MS = 60_000;
const ASK_AGAIN_MS = 500;

interface Running {
  readonly app: AppProcess;
  readonly client: DemoClient;
  readonly load: MixedLoad;
  readonly sampler: Sampler;
}

/** Ends the load, lets everything come to its end, and tells what is wrong then. Empty when nothing is. */
export async function closing({ app, client, load, sampler }: Running): Promise<string[]> {
  const { feed, regularly } = load;
  await regularly.stop();
  const fires = async (): Promise<number> => {
    const { counts } = await client.admin<{ counts: { fires: number } }>('GET', '/file_watcher');
    return counts.fires;
  };
  await until(async () => (await sampler.open()) === 0 && (await fires()) >= feed.versions);
  const [open, fired] = [await sampler.open(), await fires()];
  const problems = await app.ask('check', null);
  const code = await app.stop();
  return [
    ...regularly.problems.map(({ at, what, message }) => `${at} ${what}: ${message}`),
    ...feed.unprocessed.map((name) => `${name} went away without a summary`),
    ...problems.map((problem) => `ledger: ${problem}`),
    ...(open > 0 ? [`${open} executions did not end`] : []),
    ...(fired !== feed.versions ? [`${feed.versions} versions of files fired ${fired} times`] : []),
    ...(code !== 0 ? [`the application ended with ${code}`] : []),
  ];
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await forMs(ASK_AGAIN_MS)) {
    if (await holds()) return;
  }
}
