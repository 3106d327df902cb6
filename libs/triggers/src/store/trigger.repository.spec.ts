import { Client } from 'pg';
import { EventBus } from '../model/events.js';
import type { FiringId, NodeId } from '../model/ids.js';
import { TestClock } from '../testing/test-clock.js';
import { resolveDatabaseOptions } from './database.options.js';
import { contend, findHolders } from './commits/dedup.statements.js';
import type { DedupWish } from './commits/firing.draft.js';
import { Store } from './store.service.js';
import {
  READ_TRIGGERS,
  declareTriggers,
  forgetTrigger,
  recordOf,
  resumeTrigger,
  setTriggerCursor,
  setTriggerEnabled,
  setTriggerInterval,
} from './trigger.repository.js';
import type { TriggerRecord } from './trigger.repository.js';

const me = 'node-a' as NodeId;

async function freshPostgres(): Promise<string> {
  const url = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
  const client = new Client({ connectionString: url.toString() });
  const database = `trigger_repository_${process.pid}_${Date.now()}`;
  await client.connect();
  await client.query(`CREATE DATABASE ${database}`);
  await client.end();
  url.pathname = `/${database}`;
  return url.toString();
}

describe.each(['sqlite', 'postgres'] as const)('triggers on %s', (type) => {
  let clock: TestClock;
  let store: Store;

  beforeAll(async () => {
    clock = new TestClock();
    const database =
      type === 'sqlite' ? ({ type, path: ':memory:' } as const) : ({ type, url: await freshPostgres() } as const);
    store = new Store(
      resolveDatabaseOptions(database),
      clock,
      new EventBus(
        () => clock.now(),
        () => undefined,
      ),
    );
    await store.open();
  });
  afterAll(() => store.close());

  const declare = (name: string, aliases: readonly string[] = []): Promise<void> =>
    store.change(() => declareTriggers([{ name, kind: 'poll', aliases }]));
  const read = async (name: string): Promise<TriggerRecord | undefined> => {
    const [row] = await store.read(READ_TRIGGERS, [[name]]);
    return row && recordOf(row, me);
  };

  // Cloacina T-9, Cloacina case 15
  it('declares a trigger once and keeps what operators set at every later declaration', async () => {
    await declare('kept');
    await store.change(() => setTriggerEnabled('kept', false));
    await store.change(() => setTriggerInterval('kept', 5_000));
    await store.change(() => setTriggerCursor('kept', '{"since":1}'));
    await declare('kept');
    expect(await read('kept')).toMatchObject({
      enabledOverride: false,
      intervalOverrideMs: 5_000,
      cursor: '{"since":1}',
      cursorVersion: 2,
      epoch: 0,
    });
    await store.change(() => setTriggerEnabled('kept', null));
    await store.change(() => setTriggerInterval('kept', null));
    expect(await read('kept')).toMatchObject({ enabledOverride: null, intervalOverrideMs: null, cursorVersion: 3 });
  });

  it('ends a suspension and raises the version, and leaves others alone', async () => {
    await declare('healthy');
    await store.change(() => resumeTrigger('healthy'));
    expect(await read('healthy')).toMatchObject({ cursorVersion: 0 });
  });

  it('carries row and keys over a rename, once', async () => {
    const wish = (space: string): DedupWish => ({
      space,
      key: Buffer.alloc(16, 1),
      scope: 'ever',
      cooldown: false,
      windowMs: null,
      label: 'k',
      replay: false,
    });
    await declare('older');
    await store.change(() => setTriggerCursor('older', '7'));
    await store.change(() => contend([{ wish: wish('older'), firingId: 'f1' as FiringId }]));
    await declare('newer', ['oldest', 'older']);
    expect(await read('older')).toBeUndefined();
    expect(await read('newer')).toMatchObject({ cursor: '7', cursorVersion: 1 });
    expect([...(await store.change(() => findHolders([wish('newer')]))).values()]).toMatchObject([{ firingId: 'f1' }]);
    await declare('older');
    await declare('newer', ['oldest', 'older']);
    expect(await read('older')).toMatchObject({ cursor: null });
    expect(await read('newer')).toMatchObject({ cursor: '7' });
  });

  it('stops the clock of a schedule that is switched, or declared off, and of nothing else', async () => {
    const declareSchedule = (enabled: boolean): Promise<void> =>
      store.change(() => declareTriggers([{ name: 'schedule', kind: 'schedule', aliases: [], enabled }]));
    const cursorOf = async (name: string): Promise<unknown> => (await read(name))?.cursor;
    await declareSchedule(true);
    await declare('poll');
    for (const on of [true, false, null]) {
      for (const name of ['schedule', 'poll']) await store.change(() => setTriggerCursor(name, '7'));
      for (const name of ['schedule', 'poll']) await store.change(() => setTriggerEnabled(name, on));
      expect([await cursorOf('schedule'), await cursorOf('poll')]).toEqual([null, '7']);
    }
    await store.change(() => setTriggerCursor('schedule', '8'));
    await declareSchedule(true);
    expect(await cursorOf('schedule')).toBe('8');
    await declareSchedule(false);
    expect(await cursorOf('schedule')).toBeNull();
    await store.change(() => setTriggerEnabled('schedule', true));
    await store.change(() => setTriggerCursor('schedule', '9'));
    await declareSchedule(false);
    expect(await cursorOf('schedule')).toBe('9');
  });

  it('knows when a trigger was declared first, under whatever name', async () => {
    await declare('former');
    const first = (await read('former'))?.firstSeenAt;
    expect(first).toEqual(new Date(clock.now()));
    await clock.advance(1_000);
    await declare('latter', ['former']);
    expect((await read('latter'))?.firstSeenAt).toEqual(first);
  });

  // Cloacina case 9
  it('forgets a trigger with its keys', async () => {
    await declare('gone');
    await store.change(() => forgetTrigger('gone'));
    expect(await read('gone')).toBeUndefined();
  });
});
