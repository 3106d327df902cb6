import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../bench/harness/redis.js';

/** Not the wrapper that Debian puts before it, which becomes another user. */
const RABBIT = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const REQUIRED = process.env['REQUIRE_BROKERS'] === '1';

interface Kind {
  readonly debianPackage: string;
  readonly isThere: () => boolean;
  start(folder: string): Promise<Broker>;
}

/** A running broker. */
export interface Broker {
  readonly url: string;
  stop(): Promise<void>;
  /** Dies at once, and comes back with what it had stored. */
  crash(): Promise<void>;
}

const KINDS = {
  RabbitMQ: {
    debianPackage: 'rabbitmq-server',
    isThere: () => existsSync(RABBIT),
    start: (folder) => RabbitServer.start(folder),
  },
  NATS: {
    debianPackage: 'nats-server',
    isThere: () => spawnSync('nats-server', ['--version']).status === 0,
    start: (folder) => NatsServer.start(folder),
  },
} as const satisfies Record<string, Kind>;

/**
 * Tests with a real broker of their own. Where it is not installed they are reported as skipped, loudly; with REQUIRE_BROKERS=1
 * they fail.
 */
export function describeWithBroker(
  name: keyof typeof KINDS,
  title: string,
  tests: (broker: () => Broker) => void,
): void {
  const kind: Kind = KINDS[name];
  const missing = `There is no ${name} on this machine (Debian: apt-get install ${kind.debianPackage})`;
  if (!kind.isThere() && !REQUIRED) {
    process.stderr.write(`SKIPPED: ${title}. ${missing}.\n`);
    return describe.skip(title, () => tests(() => undefined as never));
  }
  describe(title, () => {
    let folder: string;
    let broker: Broker | undefined;
    beforeAll(async () => {
      if (!kind.isThere()) throw new Error(`${missing}, and REQUIRE_BROKERS is set.`);
      folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-broker-'));
      broker = await kind.start(folder);
    }, 60_000);
    afterAll(async () => {
      await broker?.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    tests(() => broker as Broker);
  });
}

/** A process with its children, which end together. */
class Processes {
  #child: ChildProcess | undefined;

  constructor(
    private readonly command: string,
    private readonly args: readonly string[],
    private readonly environment: Readonly<Record<string, string>>,
    /** What it says when it serves, on stdout or stderr. */
    private readonly ready: string,
  ) {}

  async start(): Promise<void> {
    const child = spawn(this.command, [...this.args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ...this.environment },
    });
    this.#child = child;
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${this.command} ended at its start`)));
    // When the processes end later nobody waits for it.
    ended.catch(() => undefined);
    await Promise.race([...[child.stdout, child.stderr].map((stream) => this.#says(stream)), ended]);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    process.kill(-child.pid, signal);
    await ended;
  }

  async #says(stream: NodeJS.ReadableStream): Promise<void> {
    for await (const line of createInterface({ input: stream })) {
      if (!line.includes(this.ready)) continue;
      stream.resume();
      return;
    }
    return new Promise(() => undefined);
  }
}

/** RabbitMQ with its own names of nodes (epmd), so that none of this machine is met. */
class RabbitServer implements Broker {
  private constructor(
    readonly url: string,
    private readonly names: Processes,
    private readonly server: Processes,
  ) {}

  static async start(folder: string): Promise<RabbitServer> {
    const [port, names, nodes] = [await freePort(), await freePort(), await freePort()].map(String) as [
      string,
      string,
      string,
    ];
    const common = { HOME: folder, ERL_EPMD_PORT: names, ERL_EPMD_ADDRESS: '127.0.0.1' };
    const config = join(folder, 'rabbitmq.conf');
    writeFileSync(config, `listeners.tcp.1 = 127.0.0.1:${port}\nloopback_users = none\n`);
    const epmd = new Processes('epmd', ['-port', names, '-d'], common, 'epmd running');
    const server = new Processes(
      RABBIT,
      [],
      {
        ...common,
        RABBITMQ_NODENAME: `t${port}@localhost`,
        RABBITMQ_NODE_PORT: port,
        RABBITMQ_DIST_PORT: nodes,
        RABBITMQ_BASE: folder,
        RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
        RABBITMQ_LOG_BASE: join(folder, 'log'),
        RABBITMQ_LOGS: '-',
        RABBITMQ_PID_FILE: join(folder, 'pid'),
        RABBITMQ_CONFIG_FILE: config,
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
        RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'config'),
      },
      'Server startup complete',
    );
    await epmd.start();
    await server.start();
    return new RabbitServer(`amqp://guest:guest@127.0.0.1:${port}`, epmd, server);
  }

  async stop(): Promise<void> {
    await this.server.end('SIGKILL');
    await this.names.end('SIGKILL');
  }

  async crash(): Promise<void> {
    await this.server.end('SIGKILL');
    await this.server.start();
  }
}

/** NATS with JetStream. */
class NatsServer implements Broker {
  private constructor(
    readonly url: string,
    private readonly server: Processes,
  ) {}

  static async start(folder: string): Promise<NatsServer> {
    const port = await freePort();
    const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder];
    const server = new Processes('nats-server', args, {}, 'Server is ready');
    await server.start();
    return new NatsServer(`nats://127.0.0.1:${port}`, server);
  }

  async stop(): Promise<void> {
    await this.server.end('SIGKILL');
  }

  async crash(): Promise<void> {
    await this.server.end('SIGKILL');
    await this.server.start();
  }
}
