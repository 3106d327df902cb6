import { once } from 'node:events';
import { Day } from './day/day.js';
import { USAGE, readOptions } from './day/options.js';
import type { DayOptions } from './day/options.js';

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(USAGE);
  else process.exitCode = (await play(options)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`orders: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function play(options: DayOptions): Promise<boolean> {
  const day = new Day(options, (line) => process.stdout.write(`${line}\n`));
  let isGood = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void day.close().finally(() => process.exit(isGood ? 0 : 1)));
  }
  try {
    isGood = await day.run();
    if (options.stay) await once(process, 'exit');
    return isGood;
  } finally {
    await day.close();
  }
}
