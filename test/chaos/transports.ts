import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisServer } from '../../bench/harness/redis.js';

/** A throw-away Redis for a run. @returns `null` where the system has no `redis-server` */
export async function startRedis(): Promise<{ server: RedisServer; remove(): Promise<void> } | null> {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-chaos-redis-'));
  const server = await RedisServer.start(folder);
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  if (server === null) {
    clear();
    return null;
  }
  const remove = async (): Promise<void> => {
    await server.stop();
    clear();
  };
  return { server, remove };
}
