import { NO_REDIS } from '../../bench/harness/redis.js';
import { readOptions, UsageError } from './options.js';
import type { ChaosOptions } from './options.js';
import { Report } from './report.js';
import { runRound } from './round.js';
import type { LedgerServer } from './stores/ledger.js';
import { PostgresLedgers } from './stores/postgres.ledgers.js';
import { SqliteServer } from './stores/sqlite.server.js';
import { startRedis } from './transports.js';

try {
  const options = readOptions(process.argv.slice(2));
  const redis = options.transport === 'bullmq' ? await startRedis() : undefined;
  if (redis !== null) process.exitCode = await run(options, redis);
  else if (process.env['REQUIRE_REDIS'] === '1') throw new Error(`${NO_REDIS}, and REQUIRE_REDIS is set.`);
  else process.stderr.write(`SKIPPED: chaos with BullMQ. ${NO_REDIS}.\n`);
} catch (error) {
  process.stderr.write(`${error instanceof UsageError ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

async function run(options: ChaosOptions, redis: Awaited<ReturnType<typeof startRedis>> | undefined): Promise<number> {
  const report = new Report(options);
  const server: LedgerServer = options.store === 'sqlite' ? new SqliteServer() : await PostgresLedgers.start();
  const surroundings = { server, nodes: options.nodes, redis: redis?.server };
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const scenario = options.scenarios[round % options.scenarios.length]!;
      report.add(await runRound(scenario, options.seed + round, surroundings, options));
    }
  } finally {
    await server.close();
    await redis?.remove();
  }
  report.end();
  return report.failures === 0 ? 0 : 1;
}
