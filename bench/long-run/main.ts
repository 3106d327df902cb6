import { LongRun } from './long-run.js';
import { readLongRunOptions } from './options.js';
import { tell } from './report.js';
import { UsageError } from '../harness/options.js';

try {
  const options = readLongRunOptions(process.argv.slice(2));
  const sound = options.from === null ? await new LongRun(options).run() : tell(options.from, options.picture);
  process.exitCode = sound ? 0 : 1;
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
