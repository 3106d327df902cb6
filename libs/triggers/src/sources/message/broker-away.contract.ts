import { until } from '../../../../../test/support/until.js';
import type { BrokerKit } from './broker-kit.contract.js';
import { upTo } from './listener.contract.js';
import { ACK } from './message-source.js';

/** The broker goes and comes back. */
export function brokerAwayContract({ listen, nothingIsLeft, redis, send }: BrokerKit): void {
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
}
