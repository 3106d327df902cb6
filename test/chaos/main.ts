import { readOptions, UsageError } from './options.js';
import { Report } from './report.js';
import { runRound } from './round.js';
import type { LedgerServer } from './stores/ledger.js';
import { PostgresServer } from './stores/postgres.server.js';
import { SqliteServer } from './stores/sqlite.server.js';

try {
  const options = readOptions(process.argv.slice(2));
  const report = new Report(options);
  const server: LedgerServer = options.store === 'sqlite' ? new SqliteServer() : await PostgresServer.start();
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const scenario = options.scenarios[round % options.scenarios.length]!;
      report.add(await runRound(scenario, options.seed + round, { server, nodes: options.nodes }, options));
    }
  } finally {
    await server.close();
  }
  report.end();
  process.exitCode = report.failures === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
