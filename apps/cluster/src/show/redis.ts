import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Serves until stdin ends, which it does however the show ends. Nobody but Redis keeps stdout open, so its end is heard.
 */
const KEEPER = 'redis-server "$@" & exec > /dev/null; cat; kill "$!" 2> /dev/null; wait';
const READY = /^(\d+):.*Ready to accept connections/;

/** A Redis that is gone when it is closed. */
export interface ShowRedis {
  /** Rejects when it does not start. */
  readonly started: Promise<StartedRedis>;
  close(): Promise<unknown>;
}

interface StartedRedis {
  readonly port: number;
  readonly pid: string;
  /** Resolves when it serves no more. */
  readonly ended: Promise<unknown>;
}

/** Whether there is one on this machine. */
export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** A server of our own on a free port, which writes into that folder. It may be closed while it starts. */
export function startRedis(dir: string): ShowRedis {
  mkdirSync(dir);
  const launched = freePort().then((port) => launch(port, dir));
  const started = launched.then(async ({ port, keeper }) => {
    const ended = once(keeper.stdout, 'close');
    return { port, pid: await ready(keeper), ended };
  });
  const close = async (): Promise<unknown> => {
    const { keeper, exit } = await launched;
    keeper.stdin.end();
    return exit;
  };
  return { started, close };
}

function launch(port: number, dir: string) {
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir];
  const durability = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
  const keeper = spawn('sh', ['-c', KEEPER, 'redis', ...where, ...durability], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C reaches the show alone.
    detached: true,
  });
  return { port, keeper, exit: once(keeper, 'exit') };
}

/** @returns the id of its process */
async function ready({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: stdout! })) {
    const [, pid] = READY.exec(line) ?? [];
    if (pid === undefined) continue;
    stdout!.resume();
    return pid;
  }
  throw new Error('redis-server did not start; --transport store does without it.');
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
