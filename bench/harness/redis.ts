import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const READY = 'Ready to accept connections';

/** A Redis of our own: a free port, a temporary folder, AOF flushed every second, no snapshots. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private readonly server: ChildProcess,
  ) {}

  /** @returns `null` where the system has no `redis-server` */
  static async start(folder: string): Promise<RedisServer | null> {
    const dir = join(folder, 'redis');
    mkdirSync(dir);
    const port = await freePort();
    const durability = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
    const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...durability], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const started = await Promise.race([
      ready(server),
      once(server, 'error').then(([error]) => missing(error as NodeJS.ErrnoException)),
      once(server, 'exit').then(() => Promise.reject(new Error('redis-server ended at start'))),
    ]);
    return started ? new RedisServer(port, server) : null;
  }

  async stop(): Promise<void> {
    const ended = once(this.server, 'exit');
    this.server.kill('SIGTERM');
    await ended;
  }
}

async function ready(server: ChildProcess): Promise<boolean> {
  for await (const line of createInterface({ input: server.stdout! })) {
    if (!line.includes(READY)) continue;
    server.stdout!.resume();
    return true;
  }
  return new Promise(() => undefined);
}

function missing(error: NodeJS.ErrnoException): false {
  if (error.code === 'ENOENT') return false;
  throw error;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
