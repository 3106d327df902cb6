import { gate } from '../../../../../test/support/gate.js';
import { Proxy } from '../../../../../test/support/proxy.js';
import { until } from '../../../../../test/support/until.js';
import type { BrokerKit } from './broker-kit.contract.js';
import { upTo } from './listener.contract.js';
import { ACK } from './message-source.js';

/** Several read one queue: each message is one's, and nobody's for ever. */
export function sharedOutContract({ left, listen, nothingIsLeft, opened, send, url }: BrokerKit): void {
  it('acknowledges nothing before it is settled, and another one gets what was not', async () => {
    await send(upTo(5));
    const one = await listen(() => new Promise(() => undefined));
    await until(() => one.inHand === 5, 'all are in hand');
    expect(await left()).toBe(5);
    await one.close();
    const other = await listen();
    await until(() => other.heard.length >= 5, 'the other has them');
    expect([...new Set(other.numbers)]).toEqual(upTo(5));
    expect(new Set(other.heard.map(({ id }) => id))).toEqual(new Set(one.heard.map(({ id }) => id)));
    expect(other.heard.every(({ deliveries }) => deliveries > 1)).toBe(true);
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
    const proxy = await Proxy.to(url());
    opened(proxy);
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
    await until(async () => (await left()) === 0, 'the other has the rest');
    expect(late).toEqual([]);
    expect([...new Set([...one.numbers, ...two.numbers])].sort((a, b) => a - b)).toEqual(upTo(100));
  });
}
