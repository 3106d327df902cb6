import { Logger } from '@nestjs/common';
import type { OutboxFiring, OutboxIntake } from '../../../intake/outbox-intake.service.js';
import { NoTimerRegistry } from '../../../model/timer-registry.contract.js';
import { TestClock } from '../../../testing/test-clock.js';
import type { EntityDefinition } from '../entity-trigger.definition.js';
import type { Installed, Outbox, OutboxRow, Relayed } from '../outbox/outbox.js';
import type { ChangeMapper } from './change-mapper.js';
import { OutboxRelay } from './outbox.relay.js';
import type { ProgramFirings } from './program-firings.service.js';

const rowOf = (id: number, entity = 'orders'): OutboxRow => ({
  id: String(id),
  key: `key-${id}`,
  entity,
  operation: 'insert',
  old: null,
  new: '{}',
  cause: null,
  createdAt: new Date(0),
});

const triggerOf = (name: string, tablePath: string) =>
  ({
    name,
    whenDisabled: 'hold',
    on: ['insert'],
    columns: null,
    metadata: { tablePath, tableName: tablePath, columns: [] },
  }) as unknown as EntityDefinition;

/** An outbox in memory. */
class FakeOutbox implements Pick<Outbox, 'label' | 'install' | 'listen' | 'relay' | 'forget' | 'close'> {
  label = 'Database "shop"';
  rows: OutboxRow[] = [];
  installs = 0;
  failure: Error | null = null;
  hangs = false;
  wake: (tablesChanged: boolean) => void = () => undefined;

  async install(): Promise<Installed> {
    this.installs += 1;
    return { absent: [], wasGone: false };
  }

  listen(wake: (tablesChanged: boolean) => void): void {
    this.wake = wake;
  }

  async relay(
    entities: readonly string[],
    fire: (rows: readonly OutboxRow[]) => Promise<readonly string[]>,
  ): Promise<Relayed> {
    if (this.failure !== null) throw this.failure;
    if (this.hangs) return new Promise(() => undefined);
    const settled = await fire(this.rows.filter(({ entity }) => entities.includes(entity)));
    this.rows = this.rows.filter(({ id }) => !settled.includes(id));
    return { status: 'relayed', rows: settled.length };
  }

  async forget(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}
}

describe('the relay', () => {
  let clock: TestClock;
  let outbox: FakeOutbox;
  let relay: OutboxRelay;
  let fired: string[];
  let full: Set<string>;
  let away: boolean;
  let asked: number;

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    [clock, outbox, fired, full, away, asked] = [new TestClock(), new FakeOutbox(), [], new Set(), false, 0];
    const intake = {
      take: async (firings: readonly OutboxFiring[]) => {
        if (away) throw new Error('the store is away');
        return firings.map(({ trigger, key }) => {
          if (full.has(trigger.name)) return { status: 'refused', reason: 'full' };
          fired.push(`${trigger.name} ${key}`);
          return { status: 'accepted' };
        });
      },
    };
    const mapper = {
      map: async (trigger: EntityDefinition, row: OutboxRow) => {
        asked += 1;
        return [{ trigger, key: row.key, whenDisabled: 'hold', what: { kind: 'fire', item: {} } }];
      },
    };
    relay = new OutboxRelay(
      outbox as unknown as Outbox,
      [triggerOf('ordered', 'orders'), triggerOf('billed', 'bills')],
      {
        intake: intake as unknown as OutboxIntake,
        mapper: mapper as unknown as ChangeMapper,
        programs: {} as ProgramFirings,
        clock,
        timers: new NoTimerRegistry(),
        names: () => [],
      },
    );
  });
  afterEach(() => jest.restoreAllMocks());

  const turn = (ms: number): Promise<void> => clock.advance(ms);

  it('looks at once when it is woken, soon after it has found something, and every second otherwise', async () => {
    relay.start();
    await turn(0);
    outbox.rows = [rowOf(1)];
    outbox.wake(false);
    await turn(0);
    expect(fired).toEqual(['ordered key-1']);
    outbox.rows = [rowOf(2)];
    await turn(25);
    expect(fired).toEqual(['ordered key-1', 'ordered key-2']);
    await turn(5_000);
    outbox.rows = [rowOf(3)];
    await turn(1_000);
    expect(fired).toHaveLength(3);
  });

  it('finds within 100 ms what a connection writes in the second after it has woken us', async () => {
    relay.start();
    outbox.rows = [rowOf(1)];
    outbox.wake(false);
    await turn(850);
    outbox.rows = [rowOf(2)];
    await turn(100);
    expect(fired).toEqual(['ordered key-1', 'ordered key-2']);
    await turn(3_000);
    outbox.rows = [rowOf(3)];
    await turn(100);
    expect(fired).toHaveLength(2);
  });

  it('leaves rows where they are while the store is away, and tries again less and less often', async () => {
    away = true;
    outbox.rows = [rowOf(1)];
    relay.start();
    await turn(10_000);
    expect(outbox.rows).toHaveLength(1);
    away = false;
    await turn(15_000);
    expect(fired).toEqual(['ordered key-1']);
    expect(outbox.rows).toEqual([]);
  });

  it('asks no method again, however much is written, until it tries again', async () => {
    away = true;
    outbox.rows = [rowOf(1)];
    relay.start();
    await turn(0);
    for (let writes = 0; writes < 10; writes += 1) {
      outbox.wake(false);
      await turn(10);
    }
    expect(asked).toBe(1);
    away = false;
    await turn(2_000);
    outbox.rows = [rowOf(2)];
    outbox.wake(false);
    await turn(0);
    expect(fired).toEqual(['ordered key-1', 'ordered key-2']);
  });

  it('leaves what a trigger cannot hold any more, and goes on with other tables', async () => {
    full.add('ordered');
    outbox.rows = [rowOf(1), rowOf(2, 'bills')];
    relay.start();
    await turn(0);
    expect(fired).toEqual(['billed key-2']);
    expect(outbox.rows.map(({ id }) => id)).toEqual(['1']);
    full.clear();
    await turn(4_000);
    expect(fired).toHaveLength(1);
    await turn(2_000);
    expect(fired).toEqual(['billed key-2', 'ordered key-1']);
  });

  it('looks every minute, and whenever tables have changed, whether everything is still captured', async () => {
    await relay.install('all');
    relay.start();
    await turn(59_000);
    expect(outbox.installs).toBe(1);
    await turn(2_000);
    expect(outbox.installs).toBe(2);
    outbox.wake(true);
    await turn(0);
    expect(outbox.installs).toBe(3);
  });

  it('looks at once when tables have changed, also while it rests after a failure', async () => {
    await relay.install('all');
    away = true;
    outbox.rows = [rowOf(1)];
    relay.start();
    await turn(0);
    outbox.wake(true);
    await turn(0);
    expect(outbox.installs).toBe(2);
    outbox.wake(false);
    await turn(1_000);
    expect([outbox.installs, asked]).toEqual([2, 2]);
  });

  it('looks at once when tables have changed while it found the outbox unreadable', async () => {
    await relay.install('all');
    outbox.relay = async () => {
      outbox.relay = FakeOutbox.prototype.relay.bind(outbox);
      outbox.wake(true);
      throw new Error('no such table');
    };
    relay.start();
    await turn(0);
    expect(outbox.installs).toBe(2);
  });

  it('looks what captures when the outbox cannot be read: somebody may have dropped it', async () => {
    await relay.install('all');
    outbox.failure = new Error('no such table');
    relay.start();
    await turn(0);
    outbox.failure = null;
    await turn(5_000);
    expect(outbox.installs).toBe(2);
  });

  it('takes nothing more once it is stopped', async () => {
    relay.start();
    await turn(0);
    await relay.stop(new AbortController().signal);
    outbox.rows = [rowOf(1)];
    outbox.wake(false);
    await turn(10_000);
    expect(await relay.drain()).toBe(0);
    expect(fired).toEqual([]);
  });

  it.each(['before', 'while'])(
    'stops although it is not done where the time for it is over %s it stops',
    async (when) => {
      outbox.hangs = true;
      relay.start();
      await turn(100);
      const deadline = new AbortController();
      if (when === 'before') deadline.abort();
      const stopped = relay.stop(deadline.signal);
      deadline.abort();
      await stopped;
    },
  );
});
