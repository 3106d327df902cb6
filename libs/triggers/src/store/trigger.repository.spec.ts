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
    await store.change(() => setTriggerEnabled('kept', false, true));
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
    await store.change(() => setTriggerEnabled('kept', null, true));
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

  it('stops the clock of a schedule that is declared off, unless an operator has switched it on', async () => {
    const declareSchedule = (enabled: boolean): Promise<void> =>
      store.change(() => declareTriggers([{ name: 'schedule', kind: 'schedule', aliases: [], enabled }]));
    const cursor = async (): Promise<unknown> => (await read('schedule'))?.cursor;
    await declareSchedule(true);
    await store.change(() => setTriggerCursor('schedule', '8'));
    await declareSchedule(true);
    expect(await cursor()).toBe('8');
    await declareSchedule(false);
    expect(await cursor()).toBeNull();
    await store.change(() => setTriggerEnabled('schedule', true, false));
    await store.change(() => setTriggerCursor('schedule', '9'));
    await declareSchedule(false);
    expect(await cursor()).toBe('9');
  });

  describe.each([
    { was: null, to: true, declared: false, anew: true },
    { was: false, to: true, declared: true, anew: true },
    { was: false, to: true, declared: false, anew: true },
    { was: false, to: null, declared: true, anew: true },
    { was: null, to: true, declared: true, anew: false },
    { was: true, to: true, declared: true, anew: false },
    { was: true, to: null, declared: true, anew: false },
    { was: null, to: null, declared: true, anew: false },
    { was: true, to: false, declared: true, anew: false },
    { was: null, to: false, declared: true, anew: false },
    { was: true, to: null, declared: false, anew: false },
    { was: false, to: null, declared: false, anew: false },
  ])('a switch from $was to $to where the code says $declared', ({ was, to, declared, anew }) => {
    const switched = async (kind: 'schedule' | 'poll'): Promise<unknown> => {
      const name = `${kind}-${String(was)}-${String(to)}-${String(declared)}`;
      await store.change(() => declareTriggers([{ name, kind, aliases: [] }]));
      await store.change(() => setTriggerEnabled(name, was, declared));
      await store.change(() => setTriggerCursor(name, '7'));
      await store.change(() => setTriggerEnabled(name, to, declared));
      return (await read(name))?.cursor;
    };

    it(`${anew ? 'starts the clock of a schedule anew' : 'leaves the clock of a schedule alone'}`, async () => {
      expect(await switched('schedule')).toBe(anew ? null : '7');
    });

    it('leaves the cursor of a poll trigger alone', async () => {
      expect(await switched('poll')).toBe('7');
    });
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
