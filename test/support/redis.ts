import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_REDIS, RedisServer } from '../../bench/harness/redis.js';

/** Whether tests with a real Redis run: there is one, or REQUIRE_REDIS=1 says that there must be. */
const RUNS_WITH_REDIS = process.env['REQUIRE_REDIS'] === '1' || spawnSync('redis-server', ['--version']).status === 0;

/** Tests that {@link useRedis}. Where there is none they are reported as skipped, loudly; with REQUIRE_REDIS=1 they fail. */
export function describeWithRedis(title: string, tests: () => void): void {
  if (RUNS_WITH_REDIS) return describe(title, tests);
  process.stderr.write(`SKIPPED: ${title}. ${NO_REDIS}.\n`);
  describe.skip(title, tests);
}

/** One server for a whole block. */
export function useRedis(): () => RedisServer {
  let folder: string;
  let server: RedisServer | null = null;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-redis-'));
    server = await RedisServer.start(folder);
    if (server === null) throw new Error(`${NO_REDIS}, and REQUIRE_REDIS is set.`);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return () => server as RedisServer;
}
