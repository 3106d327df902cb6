import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { EventBus } from '../../model/events.js';
import { TestClock } from '../../testing/test-clock.js';
import { resolveDatabaseOptions } from '../database.options.js';
import { Store } from '../store.service.js';

const REFUSAL = 'unsupported startup parameter: options';

/**
 * What PgBouncer does with the setting of a new connection: refuse it, or drop it (`ignore_startup_parameters`). Everything
 * else goes through. @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
class Pooler {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(
    private readonly target: URL,
    private readonly does: 'refuse' | 'drop',
  ) {
    this.#server = createServer((client) => this.#join(client)).listen(0, '127.0.0.1');
  }

  async url(): Promise<string> {
    if (!this.#server.listening) await once(this.#server, 'listening');
    const url = new URL(this.target);
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    this.#sockets.add(client.on('error', () => undefined));
    client.once('data', (startup: Buffer) => {
      if (this.does === 'refuse') return void client.end(refusal());
      const server = connect(Number(this.target.port), this.target.hostname).on('error', () => undefined);
      this.#sockets.add(server);
      server.write(withoutOptions(startup));
      client.pipe(server).pipe(client);
    });
  }
}

function refusal(): Buffer {
  const fields = Buffer.from(`SFATAL\0C08P01\0M${REFUSAL}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

function withoutOptions(startup: Buffer): Buffer {
  const words = startup.subarray(8).toString().split('\0');
  const at = words.indexOf('options');
  const kept = Buffer.from(words.filter((_word, place) => at < 0 || place < at || place > at + 1).join('\0'));
  const head = Buffer.from(startup.subarray(0, 8));
  head.writeInt32BE(kept.length + 8, 0);
  return Buffer.concat([head, kept]);
}

describe('a pooler in front of Postgres', () => {
  let pooler: Pooler;
  afterEach(() => pooler.close());

  it.each(['refuse', 'drop'] as const)('that would %s our settings is refused with the reason', async (does) => {
    pooler = new Pooler(new URL(process.env['TEST_POSTGRES_URL'] ?? ''), does);
    const clock = new TestClock();
    const options = resolveDatabaseOptions({ type: 'postgres', url: await pooler.url() });
    const store = new Store(
      options,
      clock,
      new EventBus(
        () => clock.now(),
        () => undefined,
      ),
    );
    await expect(store.open()).rejects.toMatchObject({
      code: 'TRG_STORE_POOLER',
      message: expect.stringMatching(/127\.0\.0\.1.*pooler.*"database\.url".*"database\.poolSize"/) as string,
    });
  });
});
