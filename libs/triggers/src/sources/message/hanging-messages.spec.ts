import { Validate, ValidatorConstraint } from 'class-validator';
import { DATABASES, gate } from '../../engine/engine.contract.js';
import { MAX_STALLED } from '../../intake/payload-work.js';
import type { StandardSchema } from '../../workflows/input-schema.js';
import { Task } from '../../workflows/task.decorator.js';
import { Workflow } from '../../workflows/workflow.decorator.js';
import type { MessageTriggerOptions } from './message.options.js';
import { ACK, redeliver } from './message-source.js';
import { takeAway, useOrders } from './orders-kit.contract.js';

/** What a schema, or a filter, does with a message. */
let check: (value: { readonly n: number }) => Promise<boolean>;

/** A Standard Schema that asks somebody. */
const asks: StandardSchema<{ readonly n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) =>
      (await check(value as { readonly n: number })) ? {} : { issues: [{ message: 'is unknown' }] },
  },
};

/** A class whose validation asks somebody. */
@ValidatorConstraint({ async: true })
class Known {
  validate(n: number): Promise<boolean> {
    return check({ n });
  }
}

class Order {
  @Validate(Known)
  n!: number;
}

@Workflow({ name: 'checked', input: asks })
class Checked {
  @Task()
  only(): void {}
}

const HANGING: [what: string, options: Partial<MessageTriggerOptions>, asked: string][] = [
  ['schema', { schema: asks }, 'schema'],
  ['DTO', { schema: Order }, 'schema'],
  ['filter', { filter: (context) => check(context as { readonly n: number }) }, 'check of its context'],
  ['workflow, by its input,', { workflow: ['ship', 'checked'] }, 'check of its context'],
];

describe.each(DATABASES)('message triggers whose code hangs on %s', (database) => {
  const orders = useOrders(database);

  it('deliver a message again whose method does not end in time, give its place to others, and bury it the fifth time', async () => {
    const node = await orders.boot({ prefetch: 1, timeout: '5s' });
    orders.map = ({ id }) => (id === 'slow' ? new Promise(() => undefined) : undefined);
    const slow = orders.source.send('slow', { n: 1 });
    const next = orders.source.send('next', { n: 2 });
    await orders.kit.clock.advance(4_999);
    expect([slow.settlements, next.settlements, orders.shipped]).toEqual([[], [], []]);
    await orders.kit.clock.advance(1);
    expect([slow.settlements, next.settlements, orders.shipped]).toEqual([[redeliver(1_000)], [ACK], [{ n: 2 }]]);
    for (let times = 1; times < 5; times += 1) {
      orders.source.redeliver();
      await orders.kit.clock.advance(5_000);
    }
    expect(slow.settlements.at(-1)).toEqual(ACK);
    const letters = (await orders.firings(node)).filter(({ state }) => state === 'rejected');
    expect(letters).toEqual([{ state: 'rejected', reason: 'the method did not end within 5s', key: 'slow' }]);
    const stalled = node.events.all.filter(({ name }) => name === 'trigger.stalled');
    expect(stalled).toHaveLength(5);
    expect(stalled[0]).toMatchObject({ trigger: 'orders', timeoutMs: 5_000 });
  });

  it('call no method, and count nothing, while too many calls of it still go on after their time', async () => {
    const node = await orders.boot({ prefetch: MAX_STALLED });
    orders.map = ({ id }) => (id === 'next' ? undefined : new Promise(() => undefined));
    for (let n = 0; n < MAX_STALLED; n += 1) orders.source.send(`m${n}`, {});
    await orders.kit.clock.advance(30_000);
    const next = orders.source.send('next', {});
    await orders.settle();
    expect(next.settlements).toEqual([redeliver(1_000)]);
    expect(orders.mapped).toHaveLength(MAX_STALLED);
    expect((await orders.counts(node)).map(([message]) => message)).not.toContain('next');
  });

  it.each(HANGING)(
    'deliver a message again whose %s does not answer, give its place to others, and bury it in the end',
    async (_, options, asked) => {
      check = ({ n }) => (n === 1 ? new Promise(() => undefined) : Promise.resolve(true));
      const own = { prefetch: 1, timeout: '5s', deliveries: 2, ...options } as const;
      const node = await orders.kit.boot([Checked, orders.workflow(), orders.trigger(own)]);
      const slow = orders.source.send('slow', { n: 1 });
      const next = orders.source.send('next', { n: 2 });
      await orders.kit.clock.advance(4_999);
      expect([slow.settlements, next.settlements, orders.shipped]).toEqual([[], [], []]);
      await orders.kit.clock.advance(1);
      expect([slow.settlements, next.settlements, orders.shipped]).toEqual([[redeliver(1_000)], [ACK], [{ n: 2 }]]);
      expect(await orders.counts(node)).toEqual([['slow', 1]]);
      orders.source.redeliver();
      await orders.kit.clock.advance(5_000);
      expect(slow.settlements.at(-1)).toEqual(ACK);
      const letters = (await orders.firings(node)).filter(({ state }) => state === 'rejected');
      expect(letters).toEqual([{ state: 'rejected', reason: `the ${asked} did not end within 5s`, key: 'slow' }]);
      expect(node.events.all.filter(({ name }) => name === 'trigger.stalled')).toHaveLength(2);
    },
  );

  it('give schema, method and filter one time together', async () => {
    const waits = [gate(), gate()];
    check = () => waits[0]?.opened.then(() => true) ?? Promise.resolve(true);
    const filter = () => waits[1]?.opened.then(() => true) ?? true;
    const node = await orders.boot({ timeout: '5s', deliveries: 1, schema: asks, filter });
    const sent = orders.source.send('m1', { n: 1 });
    await orders.kit.clock.advance(3_000);
    waits[0]?.open();
    await orders.kit.clock.advance(1_999);
    expect([orders.mapped.length, sent.settlements]).toEqual([1, []]);
    await orders.kit.clock.advance(1);
    expect(sent.settlements).toEqual([ACK]);
    const reason = 'the check of its context did not end within 5s';
    expect(await orders.firings(node)).toMatchObject([{ state: 'rejected', reason }]);
    waits[1]?.open();
    await orders.settle();
    expect(orders.shipped).toEqual([]);
  });

  it('call no method for a schema that answers after its time', async () => {
    const hold = gate();
    check = () => hold.opened.then(() => true);
    await orders.boot({ timeout: '5s', schema: asks });
    const sent = orders.source.send('m1', { n: 1 });
    await orders.kit.clock.advance(5_000);
    hold.open();
    await orders.settle();
    expect([sent.settlements, orders.mapped]).toEqual([[redeliver(1_000)], []]);
  });

  it('wait for the database longer than for their code', async () => {
    const node = await orders.boot({ timeout: '1s', filter: () => true });
    const comeBack = takeAway(node);
    const sent = orders.source.send('m1', { n: 1 });
    await orders.kit.clock.advance(10_000);
    expect(sent.settlements).toEqual([]);
    comeBack();
    await orders.kit.clock.advance(2_000);
    expect([sent.settlements, orders.shipped]).toEqual([[ACK], [{ n: 1 }]]);
  });

  it('make nothing of what a method returns after its time', async () => {
    await orders.boot({ timeout: '5s', deliveries: 1 });
    const hold = gate();
    orders.map = () => hold.opened.then(() => ({ late: true }));
    orders.source.send('m1', {});
    await orders.kit.clock.advance(5_000);
    hold.open();
    await orders.settle();
    expect(orders.shipped).toEqual([]);
  });
});
