import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Said where it is needed and not there. */
export const NO_REDIS = 'There is no redis-server on this machine (Debian: apt-get install redis-server)';

const READY = 'Ready to accept connections';

/** A Redis of our own: a free port, a temporary folder, AOF flushed every second, no snapshots. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private readonly dir: string,
    private server: ChildProcess,
  ) {}

  /** @returns `null` where the system has no `redis-server` */
  static async start(folder: string): Promise<RedisServer | null> {
    const dir = join(folder, 'redis');
    const port = await freePort();
    const server = await launch(port, dir);
    return server && new RedisServer(port, dir, server);
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** The process dies at once. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** It comes back on its port; `empty` when it has lost what it knew. */
  async revive({ empty }: { readonly empty: boolean }): Promise<void> {
    if (empty) rmSync(this.dir, { recursive: true });
    this.server = (await launch(this.port, this.dir)) as ChildProcess;
  }

  /** It stands still, its connections stay open. */
  suspend(): void {
    this.server.kill('SIGSTOP');
  }

  goOn(): void {
    this.server.kill('SIGCONT');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.server.exitCode !== null || this.server.signalCode !== null) return;
    const ended = once(this.server, 'exit');
    this.server.kill(signal);
    await ended;
  }
}

async function launch(port: number, dir: string): Promise<ChildProcess | null> {
  mkdirSync(dir, { recursive: true });
  const durability = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, ...durability], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const started = await Promise.race([
    ready(server),
    once(server, 'error').then(([error]) => missing(error as NodeJS.ErrnoException)),
    once(server, 'exit').then(() => Promise.reject(new Error('redis-server ended at start'))),
  ]);
  return started ? server : null;
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

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
