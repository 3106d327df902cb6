import { USAGE, readOptions } from './show/options.js';
import type { ShowOptions } from './show/options.js';
import { Screen } from './show/screen.js';
import { Show } from './show/show.js';

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(USAGE);
  else process.exitCode = (await play(options)) ? 0 : 1;
} catch (error) {
  process.stderr.write(`cluster: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function play(options: ShowOptions): Promise<boolean> {
  const show = new Show(options, new Screen(process.stdout));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void show.close().finally(() => process.exit(1)));
  }
  try {
    return await show.run();
  } finally {
    await show.close();
  }
}
