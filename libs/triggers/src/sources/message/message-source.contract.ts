import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Redis as Client } from 'ioredis';
import { gate } from '../../../../../test/support/gate.js';
import { Proxy } from '../../../../../test/support/proxy.js';
import { describeWithRedis, useRedis } from '../../../../../test/support/redis.js';
import { until } from '../../../../../test/support/until.js';
import type { RedisServer } from '../../../../../bench/harness/redis.js';
import { ACK, redeliver } from './message-source.js';
import type { DeliveredMessage, MessageSource, MessageSubscription, Settlement } from './message-source.js';

/** Soon enough for a test, and later than a connection takes to come back. */
export const TAKE_OVER_AFTER = '1s';

/** One queue or stream of a test, and whoever sends to it. */
export interface Broker {
  source(url: string): MessageSource;
  /** Sends messages whose bodies are these numbers, as `{ n }`. */
  send(redis: Redis, numbers: readonly number[]): Promise<void>;
  /** How many messages the broker has that are not acknowledged. */
  left(redis: Redis): Promise<number>;
}

/** What a subscription was handed, and what it answers. */
export class Listener {
  readonly heard: (DeliveredMessage & { readonly n: number })[] = [];
  inHand = 0;
  mostInHand = 0;
  away = 0;
  back = 0;
  readonly #subscription: MessageSubscription;

  constructor(
    source: MessageSource,
    answer: (message: DeliveredMessage & { readonly n: number }) => Promise<Settlement> | Settlement,
    prefetch = 10,
  ) {
    this.#subscription = source.subscribe(
      async (message) => {
        const told = { ...message, n: numberIn(message) };
        this.heard.push(told);
        this.inHand += 1;
        this.mostInHand = Math.max(this.mostInHand, this.inHand);
        const settlement = await answer(told);
        this.inHand -= 1;
        return settlement;
      },
      { prefetch, onAway: () => (this.away += 1), onBack: () => (this.back += 1) },
    );
  }

  get numbers(): number[] {
    return this.heard.map(({ n }) => n).sort((a, b) => a - b);
  }

  pause(): void {
    this.#subscription.pause();
  }

  resume(): void {
    this.#subscription.resume();
  }

  stop(): Promise<void> {
    return this.#subscription.stop();
  }

  async close(): Promise<void> {
    await this.#subscription.stop();
    await this.#subscription.close();
  }
}

function numberIn({ body }: DeliveredMessage): number {
  const value = ('json' in body ? body.json : JSON.parse(body.text)) as { readonly n: number | string };
  return Number(value.n);
}

/** The numbers from 0 on. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** A name that no other test uses. */
export function newName(): string {
  return `t${randomBytes(4).toString('hex')}`;
}

/** Everything that the port promises, whatever the broker. */
export function messageSourceContract(title: string, newBroker: () => Broker): void {
  describeWithRedis(title, () => {
    const redis = useRedis();
    const open: { close(): unknown }[] = [];
    let broker: Broker;
    let client: Redis;

    beforeEach(() => {
      broker = newBroker();
      client = new Client(redis().port, '127.0.0.1', { maxRetriesPerRequest: null });
      client.on('error', () => undefined);
    });
    afterEach(async () => {
      for (const one of open.splice(0)) await one.close();
      client.disconnect();
    });

    const urlOf = (server: RedisServer): string => `redis://127.0.0.1:${server.port}`;
    const listen = async (
      answer: ConstructorParameters<typeof Listener>[1] = () => ACK,
      { prefetch = 10, url = urlOf(redis()) } = {},
    ): Promise<Listener> => {
      const source = broker.source(url);
      await source.open?.();
      const listener = new Listener(source, answer, prefetch);
      open.push(listener);
      return listener;
    };
    const send = (numbers: readonly number[]): Promise<void> => broker.send(client, numbers);
    const nothingIsLeft = (): Promise<unknown> =>
      until(async () => (await broker.left(client)) === 0, 'all are acknowledged');

    it('says what it is', () => {
      const source = broker.source(urlOf(redis()));
      expect(source.name).toMatch(/"t[0-9a-f]{8}"/);
      expect(source.hasIdentity).toBe(true);
    });

    it('hands over each message with an id of its own and when it was sent, and the broker forgets what is acknowledged', async () => {
      const before = Date.now();
      await send(upTo(25));
      const listener = await listen();
      await until(() => listener.heard.length === 25, 'all are heard');
      expect(listener.numbers).toEqual(upTo(25));
      expect(new Set(listener.heard.map(({ id }) => id)).size).toBe(25);
      expect(listener.heard.every(({ deliveries }) => deliveries === 1)).toBe(true);
      const sentAt = listener.heard.map((message) => message.sentAt?.getTime() ?? 0);
      expect(Math.min(...sentAt)).toBeGreaterThanOrEqual(before - 1_000);
      expect(Math.max(...sentAt)).toBeLessThanOrEqual(Date.now() + 1_000);
      await nothingIsLeft();
    });

    it('hears what is sent while it waits', async () => {
      const listener = await listen();
      await until(() => listener.back === 1, 'it is connected');
      for (const n of upTo(3)) {
        await send([n]);
        await until(() => listener.heard.length === n + 1, `message ${n} is heard`);
      }
      await nothingIsLeft();
    });

    it('never has more than the prefetch in hand', async () => {
      await send(upTo(40));
      const hold = gate();
      const listener = await listen(() => hold.opened.then(() => ACK), { prefetch: 7 });
      await until(() => listener.inHand === 7, 'the hand is full');
      await broker.left(client);
      hold.open();
      await until(() => listener.heard.length === 40, 'all are heard');
      expect(listener.mostInHand).toBe(7);
      await nothingIsLeft();
    });

    it('acknowledges nothing before it is settled, and another one gets what was not', async () => {
      await send(upTo(5));
      const one = await listen(() => new Promise(() => undefined));
      await until(() => one.inHand === 5, 'all are in hand');
      expect(await broker.left(client)).toBe(5);
      await one.close();
      const other = await listen();
      await until(() => other.heard.length >= 5, 'the other has them');
      expect([...new Set(other.numbers)]).toEqual(upTo(5));
      expect(new Set(other.heard.map(({ id }) => id))).toEqual(new Set(one.heard.map(({ id }) => id)));
      expect(other.heard.every(({ deliveries }) => deliveries > 1)).toBe(true);
      await nothingIsLeft();
    });

    it('delivers again what is to come again, with the same id, counted, and not too soon', async () => {
      const at: number[] = [];
      await send([1]);
      const listener = await listen(() => {
        at.push(performance.now());
        return at.length < 3 ? redeliver(200) : ACK;
      });
      await until(() => at.length === 3, 'it came three times');
      expect(listener.heard.map(({ deliveries }) => deliveries)).toEqual([1, 2, 3]);
      expect(new Set(listener.heard.map(({ id }) => id)).size).toBe(1);
      const waits = at.slice(1).map((now, index) => now - (at[index] ?? 0));
      // Two clocks measure it, each in whole milliseconds.
      expect(Math.min(...waits)).toBeGreaterThan(195);
      await nothingIsLeft();
    });

    it('goes on with others while some wait to come again', async () => {
      await send(upTo(20));
      const listener = await listen(({ n }) => (n < 5 ? redeliver(60_000) : ACK), { prefetch: 1 });
      await until(() => listener.heard.length === 20, 'all are heard');
      expect(listener.numbers).toEqual(upTo(20));
      await until(async () => (await broker.left(client)) === 5, 'those that wait are left');
    });

    it('takes nothing while it is paused, and all that is there afterwards', async () => {
      const listener = await listen();
      await until(() => listener.back === 1, 'it is connected');
      await send([0]);
      await until(() => listener.heard.length === 1, 'it hears');
      listener.pause();
      const other = await listen();
      await until(() => other.back === 1, 'the other is connected');
      // One that was about to be fetched when the pause began may still come.
      await send(upTo(30));
      await until(async () => (await broker.left(client)) === 0, 'the other takes them');
      expect(listener.heard.length).toBeLessThanOrEqual(2);
      await other.close();
      await send([7]);
      const before = listener.heard.length;
      listener.resume();
      await until(() => listener.heard.length > before || listener.numbers.includes(7), 'it hears again');
      await nothingIsLeft();
    });

    it('shares the messages with others, each goes to one', async () => {
      const [one, two] = [await listen(), await listen()];
      await until(() => one.back + two.back === 2, 'both are connected');
      for (let sent = 0; sent < 200; sent += 20) await send(upTo(20).map((n) => n + sent));
      await until(() => one.heard.length + two.heard.length >= 200, 'all are heard');
      expect([...one.numbers, ...two.numbers].sort((a, b) => a - b)).toEqual(upTo(200));
      await nothingIsLeft();
    });

    it('takes over what one that is out of reach had in hand', async () => {
      const proxy = await Proxy.to(urlOf(redis()));
      open.push(proxy);
      await send(upTo(8));
      const dead = await listen(() => new Promise(() => undefined), { url: proxy.url.replace(/\/$/, '') });
      await until(() => dead.inHand === 8, 'all are in hand');
      proxy.cut();
      const living = await listen();
      await until(() => living.heard.length === 8, 'the other has taken them over');
      expect(living.numbers).toEqual(upTo(8));
      expect(dead.away).toBe(1);
      await nothingIsLeft();
    });

    it('keeps what takes long from being taken over', async () => {
      await send([1]);
      const hold = gate();
      const slow = await listen(() => hold.opened.then(() => ACK));
      await until(() => slow.inHand === 1, 'it is in hand');
      const other = await listen();
      await until(() => other.back === 1, 'the other is connected');
      const began = performance.now();
      await until(() => performance.now() - began > 2_500, 'more than two times the time for taking over has passed');
      expect(other.heard).toEqual([]);
      hold.open();
      await nothingIsLeft();
    });

    it('hands over nothing after a stop, and leaves the rest to others', async () => {
      await send(upTo(100));
      let stopped = false;
      const late: number[] = [];
      const one = await listen(async ({ n }) => {
        if (stopped) late.push(n);
        await new Promise((resolve) => setImmediate(resolve));
        return ACK;
      });
      await until(() => one.heard.length > 10, 'it is in the middle of them');
      await one.stop();
      stopped = true;
      const two = await listen();
      await until(async () => (await broker.left(client)) === 0, 'the other has the rest');
      expect(late).toEqual([]);
      expect([...new Set([...one.numbers, ...two.numbers])].sort((a, b) => a - b)).toEqual(upTo(100));
    });

    it('loses nothing when the broker is killed under load, says once that it is away and once that it is back', async () => {
      const listener = await listen(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return ACK;
      });
      await until(() => listener.back === 1, 'it is connected');
      let [sent, tries] = [0, 0];
      const sending = (async () => {
        for (; sent < 300; sent += 10) {
          // What is refused while it is away is sent again, so a number may come twice, as another message.
          while (
            !(await send(upTo(10).map((n) => n + sent)).then(
              () => true,
              () => false,
            ))
          )
            tries += 1;
        }
      })();
      await until(() => listener.heard.length > 50, 'it is in the middle of them');
      await redis().kill();
      await until(() => listener.away === 1, 'it is told that the broker is away');
      await redis().revive({ empty: false });
      await sending;
      await until(async () => new Set(listener.numbers).size === 300, 'all are heard');
      await nothingIsLeft();
      expect([...new Set(listener.numbers)]).toEqual(upTo(300));
      expect({ away: listener.away, back: listener.back, tries }).toMatchObject({ away: 1, back: 2 });
    });

    it('begins when the broker does', async () => {
      await redis().kill();
      const listener = await listen();
      await until(() => listener.away === 1, 'it is told that the broker is away');
      await redis().revive({ empty: false });
      await send([1]);
      await until(() => listener.heard.length === 1, 'it hears');
      expect([listener.away, listener.back]).toEqual([1, 1]);
    });

    it('ends at once while the broker is away', async () => {
      const listener = await listen();
      await until(() => listener.back === 1, 'it is connected');
      await redis().kill();
      try {
        await until(() => listener.away === 1, 'it is told that the broker is away');
        await listener.close();
      } finally {
        await redis().revive({ empty: false });
      }
    });
  });
}
