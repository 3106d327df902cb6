import { Injectable, Logger } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import fc from 'fast-check';
import { z } from 'zod';
import { DeadLettersService } from '../../admin/dead-letters.service.js';
import { TriggersService } from '../../admin/triggers.service.js';
import { DATABASES, EngineKit, gate } from '../../engine/engine.contract.js';
import type { TestNode } from '../../engine/engine.contract.js';
import { Pruner } from '../../engine/pruner.service.js';
import type { JsonObject } from '../../model/json.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { MAX_HELD } from '../../store/commits/switch.statements.js';
import { StoreKit, rowsOf } from '../../store/contract/kit.contract.js';
import { TransactionFailure } from '../../store/dialects/dialect.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { Task } from '../../workflows/task.decorator.js';
import type { TaskContext } from '../../workflows/task-context.js';
import { Workflow } from '../../workflows/workflow.decorator.js';
import { MAX_STALLED } from '../payload/method-calls.js';
import type { Message } from './message.js';
import type { MessageTriggerOptions } from './message.options.js';
import { MessageTrigger } from './message-trigger.decorator.js';
import { ACK, redeliver } from './message-source.js';
import { TestSource } from './test-source.contract.js';

const DAY_MS = 86_400_000;

let source: TestSource;
let shipped: unknown[];
let mapped: Message[];
/** What the method does. */
let map: (message: Message) => unknown;

@Workflow({ name: 'ship' })
class Ship {
  @Task()
  only({ data }: TaskContext) {
    shipped.push(data);
  }
}

function triggerOf(options: Partial<MessageTriggerOptions> = {}): Type {
  @Injectable()
  class Orders {
    @MessageTrigger({ workflow: 'ship', name: 'orders', from: source, ...options })
    take(message: Message): Promise<object> {
      mapped.push(message);
      return map(message) as Promise<object>;
    }
  }
  return Orders;
}

/** The database answers nothing until the returned function is called. */
function takeAway({ store: { dialect } }: TestNode): () => void {
  const { transaction } = dialect;
  dialect.transaction = () => Promise.reject(new TransactionFailure('away', 'rolledBack', new Error('it is gone')));
  return () => void (dialect.transaction = transaction);
}

function begin(): void {
  [source, shipped, mapped, map] = [new TestSource(), [], [], () => undefined];
}

describe.each(DATABASES)('message triggers on %s', (database) => {
  let kit: EngineKit;
  beforeEach(async () => {
    begin();
    kit = new EngineKit(await StoreKit.create(database));
  });
  afterEach(() => kit.close());

  const boot = (options: Partial<MessageTriggerOptions> = {}): Promise<TestNode> =>
    kit.boot([Ship, triggerOf(options)]);
  const settle = (): Promise<void> => kit.clock.settle();
  const firings = async (node: TestNode) =>
    (await node.rows('firing')).map(({ state, reason, dedup_label: key }) => ({ state, reason, key }));
  const counts = async (node: TestNode) =>
    (await rowsOf(node.store, 'delivery', 'message')).map((row) => [row['message'], row['failures']]);

  it('start an execution with the body, and acknowledge the message after that', async () => {
    const node = await boot();
    const hold = gate();
    const { transaction } = node.store.dialect;
    node.store.dialect.transaction = async (work) => {
      await hold.opened;
      return transaction(work);
    };
    const sent = source.send('m1', { order: 7 });
    await settle();
    expect([mapped.length, sent.settlements]).toEqual([1, []]);
    hold.open();
    await settle();
    expect(sent.settlements).toEqual([ACK]);
    expect(shipped).toEqual([{ order: 7 }]);
    expect(await firings(node)).toEqual([{ state: 'accepted', reason: null, key: 'm1' }]);
  });

  it('tell the method all that is known of the message', async () => {
    await boot();
    const sentAt = new Date('2026-01-01T00:00:00Z');
    source.send('m1', { order: 7 }, { headers: { 'x-shop': '3' }, deliveries: 2, sentAt });
    await settle();
    const receivedAt = new Date(kit.clock.now());
    const facts = { trigger: 'orders', id: 'm1', key: 'm1', deliveries: 2, redelivered: true, sentAt, receivedAt };
    expect(mapped).toEqual([{ ...facts, body: { order: 7 }, headers: { 'x-shop': '3' } }]);
  });

  it('start what is delivered twice once, for seven days, and equal messages with other ids as often as they come', async () => {
    const node = await boot();
    for (const id of ['a', 'a', 'b', 'a', 'c']) source.send(id, { order: 1 });
    await settle();
    expect(source.sent.map(({ settlements }) => settlements)).toEqual(Array.from({ length: 5 }, () => [ACK]));
    expect(shipped).toHaveLength(3);
    kit.clock.set(new Date(kit.clock.now() + 7 * DAY_MS - 60_000));
    source.send('a', { order: 1 });
    await settle();
    expect(shipped).toHaveLength(3);
    kit.clock.set(new Date(kit.clock.now() + 60_001));
    source.send('a', { order: 1 });
    await settle();
    expect(shipped).toHaveLength(4);
    expect((await firings(node)).map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'accepted'));
  });

  it('fire what the method makes of the message, several with a key each, and nothing when it says so', async () => {
    const node = await boot();
    map = ({ id }) => {
      if (id === 'none') return TriggerResult.skip('not for us');
      if (id === 'one') return { mapped: true };
      return TriggerResult.fireMany([
        { context: { n: 1 } },
        { context: { n: 2 }, dedupKey: 'mine' },
        { context: [] as object },
      ]);
    };
    for (const id of ['none', 'one', 'many', 'many']) source.send(id, {});
    await settle();
    expect(await firings(node)).toEqual(
      expect.arrayContaining([
        { state: 'filtered', reason: 'not for us', key: null },
        { state: 'accepted', reason: null, key: 'one' },
        { state: 'accepted', reason: null, key: 'many#0' },
        { state: 'accepted', reason: null, key: 'mine' },
        { state: 'rejected', reason: expect.stringContaining('object'), key: 'many#2' },
      ]),
    );
    expect(shipped).toHaveLength(3);
    expect(source.sent.flatMap(({ settlements }) => settlements)).toEqual([ACK, ACK, ACK, ACK]);
  });

  const FAULTS: [what: string, options: Partial<MessageTriggerOptions>, map: () => unknown, reason: RegExp][] = [
    [
      'whose method throws',
      {},
      () => {
        throw new Error('no stock');
      },
      /^the method threw: no stock$/,
    ],
    ['whose method returns nonsense', {}, () => 7, /returned a number/],
    [
      'that is not what the schema says',
      { schema: z.object({ total: z.number() }) },
      () => undefined,
      /does not fit: total/,
    ],
    [
      'whose filter throws',
      {
        filter: () => {
          throw new Error('no rule');
        },
      },
      () => undefined,
      /the filter threw: no rule$/,
    ],
    ['whose context cannot be stored', {}, () => ({ big: 'x'.repeat(1_100_000) }), /1048576|1,048,576|MiB/],
    ['whose dedup key is none', {}, () => TriggerResult.fire({}, { dedupKey: '' }), /dedup key/],
  ];

  it.each(FAULTS)(
    'deliver a message %s again, later each time, and bury it the fifth time',
    async (_, options, fault, reason) => {
      const node = await boot(options);
      map = fault;
      const sent = source.send(
        'm1',
        { order: 7 },
        { headers: { authorization: 'Bearer secret', accessKey: 'abcdef', shop: '3' } },
      );
      await settle();
      for (let times = 1; times < 5; times += 1) {
        expect(await counts(node)).toEqual([['m1', times]]);
        source.redeliver();
        await settle();
      }
      expect(sent.settlements).toEqual([redeliver(1_000), redeliver(2_000), redeliver(4_000), redeliver(8_000), ACK]);
      const [letter] = await node.rows('firing');
      expect(letter).toMatchObject({ state: 'rejected', payload: '{"order":7}', dedup_label: 'm1' });
      expect(letter?.['reason']).toMatch(reason);
      expect(JSON.parse(letter?.['origin'] as string)).toEqual({
        source: source.name,
        id: 'm1',
        size: 11,
        deliveries: 5,
        sentAt: null,
        receivedAt: expect.any(String),
        headers: { authorization: '[13 characters]', accessKey: '[6 characters]', shop: '3' },
      });
      expect(await counts(node)).toEqual([]);
      await kit.clock.advance(1_000);
      expect((await node.get(TriggersService).get('orders')).counts).toMatchObject({ failures: 5, fires: 0 });
    },
  );

  it('deliver a message again whose method does not end in time, give its place to others, and bury it the fifth time', async () => {
    const node = await boot({ prefetch: 1, timeout: '5s' });
    map = ({ id }) => (id === 'slow' ? new Promise(() => undefined) : undefined);
    const slow = source.send('slow', { n: 1 });
    const next = source.send('next', { n: 2 });
    await kit.clock.advance(4_999);
    expect([slow.settlements, next.settlements, shipped]).toEqual([[], [], []]);
    await kit.clock.advance(1);
    expect([slow.settlements, next.settlements, shipped]).toEqual([[redeliver(1_000)], [ACK], [{ n: 2 }]]);
    for (let times = 1; times < 5; times += 1) {
      source.redeliver();
      await kit.clock.advance(5_000);
    }
    expect(slow.settlements.at(-1)).toEqual(ACK);
    const letters = (await firings(node)).filter(({ state }) => state === 'rejected');
    expect(letters).toEqual([{ state: 'rejected', reason: 'the method did not end within 5s', key: 'slow' }]);
    const stalled = node.events.all.filter(({ name }) => name === 'trigger.stalled');
    expect(stalled).toHaveLength(5);
    expect(stalled[0]).toMatchObject({ trigger: 'orders', timeoutMs: 5_000 });
  });

  it('call no method, and count nothing, while too many calls of it still go on after their time', async () => {
    const node = await boot({ prefetch: MAX_STALLED });
    map = ({ id }) => (id === 'next' ? undefined : new Promise(() => undefined));
    for (let n = 0; n < MAX_STALLED; n += 1) source.send(`m${n}`, {});
    await kit.clock.advance(30_000);
    const next = source.send('next', {});
    await settle();
    expect(next.settlements).toEqual([redeliver(1_000)]);
    expect(mapped).toHaveLength(MAX_STALLED);
    expect((await counts(node)).map(([message]) => message)).not.toContain('next');
  });

  it('make nothing of what a method returns after its time', async () => {
    await boot({ timeout: '5s', deliveries: 1 });
    const hold = gate();
    map = () => hold.opened.then(() => ({ late: true }));
    source.send('m1', {});
    await kit.clock.advance(5_000);
    hold.open();
    await settle();
    expect(shipped).toEqual([]);
  });

  it.each([
    ['', () => undefined, ['m1']],
    [' as several items', () => TriggerResult.fireMany([{ context: {} }, { context: {} }]), ['m1#0', 'm1#1']],
    [' by a key of the author', () => TriggerResult.fire({}, { dedupKey: 'mine' }), ['mine']],
  ])(
    'start nothing and open no letter when what was accepted%s comes again and the method is broken by then',
    async (_, made, keys) => {
      const node = await boot({ deliveries: 2 });
      map = made;
      source.send('m1', { n: 1 });
      await settle();
      map = () => {
        throw new Error('broken');
      };
      const again = source.send('m1', { n: 1 });
      await settle();
      source.redeliver();
      await settle();
      expect(again.settlements).toEqual([redeliver(1_000), ACK]);
      expect(await firings(node)).toEqual(keys.map((key) => ({ state: 'accepted', reason: null, key })));
      expect(await counts(node)).toEqual([]);
    },
  );

  it('close the letter of a message whose items are accepted when it comes once more', async () => {
    const node = await boot({ deliveries: 1 });
    map = () => {
      throw new Error('broken');
    };
    source.send('m1', {});
    await settle();
    map = () => TriggerResult.fireMany([{ context: { n: 1 } }, { context: { n: 2 } }]);
    source.send('m1', {});
    await settle();
    expect(shipped).toHaveLength(2);
    expect((await node.get(DeadLettersService).list({})).items).toEqual([]);
  });

  it('keep a letter for each message where the author wants no dedup', async () => {
    const node = await boot({ deliveries: 1, dedup: 'off' });
    map = () => {
      throw new Error('bad');
    };
    for (let times = 0; times < 2; times += 1) source.send('m1', {});
    await settle();
    expect((await firings(node)).map(({ state }) => state)).toEqual(['rejected', 'rejected']);
  });

  it('take all items of a message or none, so that a full hold splits no message', async () => {
    const node = await boot();
    const [first, last] = [gate(), gate()];
    const items = (count: number) =>
      TriggerResult.fireMany(Array.from({ length: count }, (_, n) => ({ context: { n } })));
    map = ({ id }) =>
      id === 'last' ? last.opened.then(() => items(2)) : first.opened.then(() => items(Number.parseInt(id ?? '', 10)));
    for (let held = 0; held < MAX_HELD - 1_000; held += 1_000) source.send(`1000-${held}`, {});
    source.send('999', {});
    const sent = source.send('last', {});
    await settle();
    await node.get(TriggersService).setEnabled('orders', false);
    first.open();
    await settle();
    last.open();
    await settle();
    expect(sent.settlements).toEqual([redeliver(1_000)]);
    const held = await firings(node);
    expect(held.filter(({ state }) => state === 'held')).toHaveLength(MAX_HELD - 1);
    expect(held.filter(({ key }) => String(key).startsWith('last'))).toEqual([]);
  });

  it('skip the items beyond the limit where the author says so, and start the others', async () => {
    const node = await boot({ rateLimit: { limit: 2, per: '10s' }, onLimit: 'skip' });
    map = () => TriggerResult.fireMany([1, 2, 3].map((n) => ({ context: { n } })));
    const sent = source.send('m1', {});
    await settle();
    expect(sent.settlements).toEqual([ACK]);
    await kit.clock.advance(30_000);
    expect(shipped).toHaveLength(2);
    expect((await firings(node)).map(({ state }) => state)).toEqual(['accepted', 'accepted', 'limited']);
  });

  it('wait for the database longer than any timer is set, and commit once', async () => {
    const node = await boot();
    const timers = jest.spyOn(kit.clock, 'setTimer');
    const comeBack = takeAway(node);
    const sent = source.send('m1', { n: 1 });
    await settle();
    comeBack();
    await kit.clock.advance(2_000);
    expect(sent.settlements).toEqual([ACK]);
    // The clock of the machine sets no timer further ahead than a minute: whoever waits for ever sets none.
    expect(timers.mock.calls.map(([, delayMs]) => delayMs)).not.toContain(Infinity);
  });

  it('bury a message of which the database itself wants nothing', async () => {
    const node = await boot({ deliveries: 2 });
    const submit = node.store.commits.submit.bind(node.store.commits);
    jest
      .spyOn(node.store.commits, 'submit')
      .mockImplementation((kind, item, options) =>
        kind.name === 'firing' && (item as { state?: string }).state === 'accepted'
          ? Promise.reject(new Error('value out of range'))
          : submit(kind, item, options),
      );
    const sent = source.send('m1', {});
    await settle();
    source.redeliver();
    await settle();
    expect(sent.settlements).toEqual([redeliver(1_000), ACK]);
    expect(await firings(node)).toEqual([
      { state: 'rejected', reason: expect.stringContaining('value out of range'), key: 'm1' },
    ]);
  });

  it('bury without its body what is larger than everything that may wait for the database', async () => {
    const node = await boot({ deliveries: 1 });
    const sent = source.send('m1', null, { body: { text: 'x'.repeat(68_000_000) } });
    await settle();
    expect(sent.settlements).toEqual([ACK]);
    const [letter] = await node.rows('firing');
    expect(letter).toMatchObject({ state: 'rejected', payload: null });
    expect(JSON.parse(letter?.['origin'] as string)).toMatchObject({ size: 68_000_000 });
  });

  it('bury what is no JSON with what was sent', async () => {
    const node = await boot({ deliveries: 1 });
    source.send('m1', null, { body: { text: '{"order":' } });
    source.send('m2', null, { body: { text: '{"n":1}', unreadable: 'The entry has no field "data".' } });
    source.send('m3', null, { body: { text: '{"n":12345678901234567890}' } });
    await settle();
    const letters = (await node.rows('firing')).map(({ payload, reason }) => [payload, reason]);
    expect(letters).toEqual([
      ['{"order":', expect.stringContaining('The body is no JSON')],
      ['{"n":1}', 'The entry has no field "data".'],
      ['{"n":12345678901234567890}', expect.stringContaining('(payload).n is an integer beyond')],
    ]);
  });

  it('start a message that failed and then does not, and count no more', async () => {
    const node = await boot();
    map = ({ deliveries }) => {
      if (deliveries < 4) throw new Error('not yet');
    };
    const sent = source.send('m1', { order: 7 });
    for (let times = 0; times < 4; times += 1) {
      await settle();
      source.redeliver();
    }
    await settle();
    expect(sent.settlements.at(-1)).toEqual(ACK);
    expect(shipped).toHaveLength(1);
    expect(await counts(node)).toEqual([]);
  });

  it('take an id, and a body, however long and odd they are', async () => {
    const node = await boot({ deliveries: 1 });
    const long = 'x'.repeat(5_000);
    source.send(long, { order: 1 });
    source.send(long, { order: 1 });
    source.send('nul\u0000', { text: 'a\u0000b' });
    await settle();
    expect(source.sent.map(({ settlements }) => settlements)).toEqual([[ACK], [ACK], [ACK]]);
    expect(shipped).toHaveLength(1);
    expect((await firings(node)).map(({ state }) => state).sort()).toEqual(['accepted', 'rejected']);
  });

  it('take nothing while the database is away, call no method twice and burn no delivery', async () => {
    const node = await boot({ prefetch: 3 });
    const comeBack = takeAway(node);
    for (let n = 0; n < 10; n += 1) source.send(`m${n}`, { n });
    await settle();
    expect([source.isPaused, mapped.length]).toEqual([true, 3]);
    await kit.clock.advance(20_000);
    expect([source.isPaused, mapped.length, source.sent.flatMap(({ settlements }) => settlements)]).toEqual([
      true,
      3,
      [],
    ]);
    comeBack();
    await kit.clock.advance(2_000);
    expect(source.isPaused).toBe(false);
    expect(mapped).toHaveLength(10);
    expect(shipped).toHaveLength(10);
    expect(source.sent.map(({ settlements }) => settlements)).toEqual(Array.from({ length: 10 }, () => [ACK]));
    expect(await counts(node)).toEqual([]);
  });

  it('count one failure once, although the database was away when it was to be counted', async () => {
    const node = await boot();
    map = () => {
      takeAwayNow();
      throw new Error('bad');
    };
    let comeBack = (): void => undefined;
    const takeAwayNow = (): void => void (comeBack = takeAway(node));
    const sent = source.send('m1', {});
    await kit.clock.advance(20_000);
    expect(sent.settlements).toEqual([]);
    comeBack();
    await kit.clock.advance(2_000);
    expect(sent.settlements).toEqual([redeliver(1_000)]);
    expect(await counts(node)).toEqual([['m1', 1]]);
  });

  it('leave messages with the broker while they are disabled, and hold what was in hand', async () => {
    const node = await boot();
    const hold = gate();
    map = () => hold.opened;
    const inHand = source.send('m1', { n: 1 });
    await settle();
    await node.get(TriggersService).setEnabled('orders', false);
    await settle();
    const waiting = source.send('m2', { n: 2 });
    hold.open();
    await settle();
    expect([source.isPaused, inHand.settlements, waiting.settlements]).toEqual([true, [ACK], []]);
    expect(await firings(node)).toMatchObject([{ state: 'held' }]);
    expect(shipped).toEqual([]);
    await node.get(TriggersService).setEnabled('orders', true);
    await settle();
    expect(waiting.settlements).toEqual([ACK]);
    await kit.clock.advance(11_000);
    expect(shipped).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }]));
  });

  it('do not even connect while the code has them disabled', async () => {
    const node = await boot({ enabled: false });
    expect(source.subscriptions).toBe(0);
    await node.get(TriggersService).setEnabled('orders', true);
    await settle();
    expect(source.subscriptions).toBe(1);
  });

  it('go by no key where messages have no ids, unless the author chose one', async () => {
    source = new TestSource({ hasIdentity: false });
    const node = await boot();
    map = ({ body }) =>
      (body as JsonObject)['key'] === undefined ? undefined : TriggerResult.fire({}, { dedupKey: 'k' });
    for (const body of [{ n: 1 }, { n: 1 }, { key: 1 }, { key: 1 }]) source.send(null, body);
    await settle();
    kit.clock.set(new Date(kit.clock.now() + 6 * DAY_MS));
    source.send(null, { key: 1 });
    await settle();
    expect(shipped).toHaveLength(3);
    expect((await firings(node)).map(({ key }) => key)).toEqual([null, null, 'k']);
  });

  it('count failures by the body where messages have no ids, and bury each by itself', async () => {
    source = new TestSource({ hasIdentity: false });
    const node = await boot({ deliveries: 2 });
    map = () => {
      throw new Error('bad');
    };
    for (let times = 0; times < 2; times += 1) {
      source.send(null, { n: 1 });
      await settle();
      source.redeliver();
      await settle();
    }
    expect((await firings(node)).map(({ state, key }) => [state, key])).toEqual([
      ['rejected', null],
      ['rejected', null],
    ]);
  });

  it('go by equal contexts where the author says so', async () => {
    source = new TestSource({ hasIdentity: false });
    await boot({ dedup: { for: '1h' } });
    for (let times = 0; times < 3; times += 1) source.send(null, { n: 1 });
    await settle();
    expect(shipped).toHaveLength(1);
    expect(source.sent.map(({ settlements }) => settlements)).toEqual([[ACK], [ACK], [ACK]]);
  });

  it('start later what comes faster than the limit', async () => {
    await boot({ rateLimit: { limit: 1, per: '10s' } });
    for (let n = 0; n < 3; n += 1) source.send(`m${n}`, { n });
    await settle();
    expect(shipped).toHaveLength(1);
    expect(source.sent.map(({ settlements }) => settlements)).toEqual([[ACK], [ACK], [ACK]]);
    await kit.clock.advance(21_000);
    expect(shipped).toHaveLength(3);
  });

  it('replay a dead letter through schema and method, as a message of now', async () => {
    const node = await boot({ deliveries: 1, schema: z.object({ order: z.number() }) });
    map = ({ body, id, headers }) => ({ ...(body as object), id, shop: headers['shop'] });
    source.send('m1', { order: 'seven' }, { headers: { shop: '3' } });
    await settle();
    const [letter] = await node.rows('firing');
    const letters = node.get(DeadLettersService);
    await expect(letters.replay(letter?.['id'] as never)).rejects.toMatchObject({ code: 'TRG_CONTEXT_SCHEMA' });
    const outcome = await letters.replay(letter?.['id'] as never, { payload: { order: 7 } });
    await settle();
    expect(outcome).toMatchObject({ status: 'accepted', dedupKey: 'm1' });
    expect(shipped).toEqual([{ order: 7, id: 'm1', shop: '3' }]);
    source.send('m1', { order: 7 });
    await settle();
    expect(shipped).toHaveLength(1);
  });

  it('let what is in hand end when the process stops, and take nothing more', async () => {
    const node = await boot();
    const hold = gate();
    map = () => hold.opened;
    const sent = source.send('m1', {});
    await settle();
    const stopping = node.get(TriggersService).stop();
    await settle();
    expect([source.isStopped, source.isClosed, sent.settlements]).toEqual([true, false, []]);
    hold.open();
    await kit.clock.advance(1_000);
    await stopping;
    expect([source.isClosed, sent.settlements]).toEqual([true, [ACK]]);
    await node.get(TriggersService).start();
    source.send('m2', {});
    await settle();
    expect([source.subscriptions, shipped.length]).toEqual([2, 2]);
  });

  it('give back what does not end within the drain', async () => {
    const node = await boot();
    map = () => new Promise(() => undefined);
    const sent = source.send('m1', {});
    await settle();
    const stopping = node.get(TriggersService).stop();
    await kit.clock.advance(19_000);
    expect(sent.settlements).toEqual([]);
    await kit.clock.advance(2_000);
    await stopping;
    expect([sent.settlements, source.isClosed]).toEqual([[redeliver(0)], true]);
  });

  it('show that the broker is away, once, and that it is back', async () => {
    const node = await boot();
    const state = async () => {
      const { state, lastError } = await node.get(TriggersService).get('orders');
      return { state, lastError };
    };
    source.back();
    await settle();
    expect(await state()).toEqual({ state: 'active', lastError: null });
    for (let times = 0; times < 3; times += 1) source.away();
    await kit.clock.advance(2_000);
    expect(await state()).toEqual({
      state: 'failing',
      lastError: 'test queue "orders" cannot be reached: connect ECONNREFUSED',
    });
    source.back();
    source.back();
    await settle();
    expect(await state()).toEqual({ state: 'active', lastError: null });
    expect(node.events.all.filter(({ name }) => name.startsWith('source'))).toMatchObject([
      { name: 'source.away', trigger: 'orders', source: source.name, error: 'connect ECONNREFUSED' },
      { name: 'source.back', trigger: 'orders', afterMs: 2_000 },
    ]);
  });

  it('stand among all triggers with what they listen to', async () => {
    const node = await boot({ prefetch: 7 });
    const [view] = await node.get(TriggersService).list();
    expect(view).toMatchObject({ name: 'orders', kind: 'message', state: 'active', workflows: ['ship'] });
    const { options } = await node.get(TriggersService).get('orders');
    expect(options).toEqual({
      from: 'test queue "orders"',
      prefetch: 7,
      timeout: '30s',
      deliveries: 5,
      redeliverAfter: '1s',
    });
  });

  it('forget the failures of a message that does not come again after seven days', async () => {
    const node = await boot();
    map = () => {
      throw new Error('bad');
    };
    source.send('m1', {});
    await settle();
    const pruner = node.get(Pruner);
    expect(await pruner.runOnce()).toMatchObject({ deliveries: 0 });
    kit.clock.set(new Date(kit.clock.now() + 7 * DAY_MS + 1_000));
    expect(await pruner.runOnce()).toMatchObject({ deliveries: 1 });
    expect(await counts(node)).toEqual([]);
  });

  it(
    'start each good message once and bury each bad one, whatever is delivered again and however often the database is away',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(DELIVERY, { minLength: 1, maxLength: 25 }), async (deliveries) => {
          begin();
          const own = new EngineKit(await StoreKit.create(database));
          try {
            await walk(own, deliveries);
          } finally {
            await own.close();
          }
        }),
        runs(database === 'sqlite' ? 20 : 6),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});

interface Delivery {
  readonly id: number;
  readonly then: 'nothing' | 'redeliver' | 'away' | 'back' | 'stop';
}

const DELIVERY: fc.Arbitrary<Delivery> = fc.record({
  id: fc.integer({ min: 0, max: 9 }),
  then: fc.constantFrom('nothing', 'nothing', 'redeliver', 'away', 'back', 'stop'),
});

/** Messages with an odd id are bad. */
async function walk(kit: EngineKit, deliveries: readonly Delivery[]): Promise<void> {
  map = ({ id, body }) => {
    if (Number(id) % 2 === 1) throw new Error('bad');
    return body;
  };
  const node = await kit.boot([Ship, triggerOf({ prefetch: 4, deliveries: 3 })]);
  let comeBack = (): void => undefined;
  for (const { id, then } of deliveries) {
    source.send(String(id), { id });
    await kit.clock.settle();
    if (then === 'redeliver') source.redeliver();
    if (then === 'back') comeBack();
    if (then === 'away') {
      comeBack();
      comeBack = takeAway(node);
    }
    if (then === 'stop') {
      comeBack();
      const stopping = node.get(TriggersService).stop();
      await kit.clock.advance(25_000);
      await stopping;
      await node.get(TriggersService).start();
    }
    await kit.clock.settle();
  }
  comeBack();
  for (let times = 0; times < 4; times += 1) {
    await kit.clock.advance(12_000);
    source.redeliver();
  }
  await kit.clock.advance(12_000);
  const ids = [...new Set(deliveries.map(({ id }) => id))].sort();
  const rows = await node.rows('firing');
  const keysOf = (state: string) =>
    rows.filter((row) => row['state'] === state).map((row) => Number(row['dedup_label']));
  expect(keysOf('accepted').sort()).toEqual(ids.filter((id) => id % 2 === 0));
  expect(keysOf('rejected').sort()).toEqual(ids.filter((id) => id % 2 === 1));
  expect(source.sent.every(({ settlements }) => settlements.at(-1)?.settle === 'ack')).toBe(true);
  expect(source.mostInHand).toBeLessThanOrEqual(4);
}

describe('message triggers on several nodes', () => {
  let kit: EngineKit;
  beforeEach(async () => {
    begin();
    kit = new EngineKit(await StoreKit.create('postgres'));
  });
  afterEach(() => kit.close());

  it('are heard by nodes with the role scheduler only', async () => {
    await kit.boot([Ship, triggerOf()], { roles: ['api', 'worker'] });
    expect(source.subscriptions).toBe(0);
    await kit.boot([Ship, triggerOf()], { roles: ['scheduler'] });
    expect(source.subscriptions).toBe(1);
  });

  it('are paused on every node when an operator of another one disables them', async () => {
    await kit.boot([Ship, triggerOf()], { roles: ['scheduler'] });
    const other = await kit.boot([Ship, triggerOf()], { roles: ['api', 'worker'] });
    await other.get(TriggersService).setEnabled('orders', false);
    await kit.clock.advance(11_000);
    expect(source.isPaused).toBe(true);
    await other.get(TriggersService).setEnabled('orders', true);
    await kit.clock.advance(11_000);
    expect(source.isPaused).toBe(false);
  });
});

describe('the options of @MessageTrigger', () => {
  let kit: EngineKit;
  beforeEach(async () => {
    begin();
    kit = new EngineKit(await StoreKit.create(':memory:'));
  });
  afterEach(() => kit.close());

  const WRONG: [what: string, options: Partial<Record<keyof MessageTriggerOptions, unknown>>, message: RegExp][] = [
    ['no source', { from: undefined }, /option "from": nobody says where messages come from/],
    ['a source that is none', { from: { name: 'x' } }, /option "from": nobody says/],
    [
      'a source that throws',
      {
        from: () => {
          throw new Error('no URL');
        },
      },
      /option "from": the function that should return it threw: no URL/,
    ],
    ['a prefetch of nothing', { prefetch: 0 }, /option "prefetch" is 0; it takes a whole number from 1 to 10000/],
    ['half a delivery', { deliveries: 0.5 }, /option "deliveries" is 0\.5/],
    ['a timeout of more than a minute', { timeout: '2m' }, /option "timeout" is "2m"; it takes "1ms" to "1m"/],
    ['no duration', { redeliverAfter: 'soon' }, /option "redeliverAfter": "soon" is no duration/],
    ['a schema that is none', { schema: 7 }, /option "schema"/],
  ];

  it.each(WRONG)('refuse %s, with the trigger and what to do', async (_, options, message) => {
    const booting = kit.boot([Ship, triggerOf(options as Partial<MessageTriggerOptions>)]);
    await expect(booting).rejects.toMatchObject({ code: 'TRG_DEF_INVALID', message: expect.stringMatching(message) });
    await expect(booting).rejects.toThrow('Trigger "orders" (Orders.take)');
    kit.nodes.length = 0;
  });

  it('say at the start that messages without ids are not deduplicated, unless the author has decided that', async () => {
    const log = jest.spyOn(Logger.prototype, 'log');
    source = new TestSource({ hasIdentity: false });
    await kit.boot([Ship, triggerOf(), triggerOf({ name: 'decided', dedup: 'off' })]);
    const said = log.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('have no ids'));
    expect(said).toEqual([expect.stringMatching(/^Trigger "orders": messages of test queue "orders" have no ids/)]);
    log.mockRestore();
  });

  it('say at the start that two triggers share the messages of one source', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn');
    await kit.boot([
      Ship,
      triggerOf(),
      triggerOf({ name: 'others' }),
      triggerOf({ name: 'alone', from: new TestSource({ name: 'x' }) }),
    ]);
    const said = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('all read'));
    expect(said).toEqual([
      expect.stringMatching(/^Triggers "orders", "others" all read test queue "orders": each message goes to one/),
    ]);
    warn.mockRestore();
  });

  it('take a source from configuration', async () => {
    await kit.boot([Ship, triggerOf({ from: async () => source })]);
    expect(source.subscriptions).toBe(1);
  });
});
