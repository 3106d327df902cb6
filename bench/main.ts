import 'reflect-metadata';
import { benches } from './benches.js';
import { Machine } from './harness/machine.js';
import { readOptions, UsageError } from './harness/options.js';
import { printResult } from './harness/report.js';

try {
  const { names, ...options } = readOptions(
    process.argv.slice(2),
    benches.map(({ name }) => name),
  );
  const machine = new Machine(options);
  try {
    for (const bench of benches.filter(({ name }) => names.includes(name))) {
      if (!options.json)
        console.log(`\n${bench.name} (${options.store}, transport ${options.transport}): ${bench.work}`);
      printResult(await bench.run(machine), options);
    }
  } finally {
    await machine.close();
  }
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  // What the failed bench had opened would keep the process.
  process.exit(error instanceof UsageError ? 2 : 1);
}
