import { once } from 'node:events';
import { Day } from './day/day.js';
import { USAGE, readOptions } from './day/options.js';
import type { DayOptions } from './day/options.js';

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(USAGE);
  else process.exitCode = (await play(options)) ? 0 : 1;
} catch (error) {
  complain(error);
  process.exitCode = 1;
}

function complain(error: unknown): void {
  process.stderr.write(`orders: ${error instanceof Error ? error.message : String(error)}\n`);
}

async function play(options: DayOptions): Promise<boolean> {
  const day = new Day(options, (line) => process.stdout.write(`${line}\n`), complain);
  let isGood = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void day.close().then((isTidy) => process.exit(isGood && isTidy ? 0 : 1)));
  }
  try {
    isGood = await day.run();
    if (options.stay) await once(process, 'exit');
  } finally {
    isGood = (await day.close()) && isGood;
  }
  return isGood;
}
