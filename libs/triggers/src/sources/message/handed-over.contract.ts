import { gate } from '../../../../../test/support/gate.js';
import { until } from '../../../../../test/support/until.js';
import type { BrokerKit } from './broker-kit.contract.js';
import { upTo } from './listener.contract.js';
import { ACK, redeliver } from './message-source.js';

/** Messages are handed over, held and settled one by one. */
export function handedOverContract({ left, listen, nothingIsLeft, send, newSource }: BrokerKit): void {
  it('says what it is', () => {
    const source = newSource();
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
    await left();
    hold.open();
    await until(() => listener.heard.length === 40, 'all are heard');
    expect(listener.mostInHand).toBe(7);
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
    await until(async () => (await left()) === 5, 'those that wait are left');
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
    await until(async () => (await left()) === 0, 'the other takes them');
    expect(listener.heard.length).toBeLessThanOrEqual(2);
    await other.close();
    await send([7]);
    const before = listener.heard.length;
    listener.resume();
    await until(() => listener.heard.length > before || listener.numbers.includes(7), 'it hears again');
    await nothingIsLeft();
  });
}
