import { IntakeCounter } from '../../intake/intake-counter.js';
import { IntakePipe } from '../../intake/intake.pipe.js';
import { IntakeService } from '../../intake/intake.service.js';
import { PollIntake } from '../../intake/poll-intake.js';
import { StorePollIntake } from '../../intake/store-poll-intake.service.js';
import { EventBus } from '../../model/events.js';
import type { TriggersEvent } from '../../model/events.js';
import { NodeIdentity } from '../../model/node-identity.js';
import { NodeRoles } from '../../model/node-roles.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { resolveDatabaseOptions } from '../../store/database.options.js';
import type { TickRow, TriggerRow } from '../../store/entities/rows.js';
import { nodeOf } from '../../store/contract/work.contract.js';
import { registerNode } from '../../store/node.repository.js';
import { Store } from '../../store/store.service.js';
import { resumeTrigger, setTriggerCursor } from '../../store/trigger.repository.js';
import { TestClock } from '../../testing/test-clock.js';
import { Clock } from '../../model/clock.js';
import { TimerRegistry } from '../../model/timer-registry.js';
import { Test } from '@nestjs/testing';
import { PollControl } from './poll-control.service.js';
import type { Poll } from './poll.js';
import { PollerService } from './poller.service.js';
import { defineTrigger } from './test-trigger.contract.js';

const SECOND = 1_000;

describe('polls on a real store', () => {
  const clock = new TestClock();
  const events: TriggersEvent[] = [];
  const bus = new EventBus(
    () => clock.now(),
    () => undefined,
  );
  const node = new NodeIdentity();
  let store: Store;
  let poller: PollerService;
  let control: PollControl;
  let poll: (poll: Poll) => TriggerResult | Promise<TriggerResult> = () => TriggerResult.skip('empty');

  const row = (): Promise<TriggerRow> => store.reader.findOneByOrFail(store.entities.trigger, { name: 'inbox' });
  const ticks = (): Promise<TickRow[]> => store.reader.find(store.entities.tick, { order: { id: 'ASC' } });

  beforeAll(async () => {
    bus.subscribe((event) => events.push(event));
    store = new Store(resolveDatabaseOptions({ type: 'sqlite', path: ':memory:' }), clock, bus);
    await store.open();
    await store.change(() => registerNode(nodeOf({ id: node.id, name: 'a', leaseMs: 3_600_000 })));
    const module = await Test.createTestingModule({
      providers: [
        PollerService,
        { provide: NodeRoles, useValue: new NodeRoles() },
        PollControl,
        IntakePipe,
        {
          provide: PollIntake,
          useFactory: (pipe: IntakePipe) => new StorePollIntake(store, node, pipe, intakeOf(pipe)),
          inject: [IntakePipe],
        },
        { provide: Clock, useValue: clock },
        { provide: EventBus, useValue: bus },
        { provide: TimerRegistry, useValue: { show: () => undefined, hide: () => undefined } },
      ],
    }).compile();
    module.useLogger(false);
    poller = module.get(PollerService);
    control = module.get(PollControl);
    poller.add(defineTrigger({ suspendAfter: 2, dedup: { scope: 'ever' }, poll: (current) => poll(current) }));
    await poller.start();
  });
  const intakeOf = (pipe: IntakePipe): IntakeService =>
    new IntakeService(store, pipe, new IntakeCounter(store, clock), undefined as never, undefined as never, bus, clock);
  afterAll(() => store.close());

  it('writes nothing while idle', async () => {
    await clock.advance(10 * SECOND);
    expect(await row()).toMatchObject({ polls: 0, owner: node.id, epoch: 1 });
  });

  it('commits firing, cursor and counts together, and fires one key once', async () => {
    poll = ({ cursor }) =>
      TriggerResult.fireMany([{ context: { a: 1 }, dedupKey: 'k' }], {
        cursor: { n: ((cursor as { n: number } | undefined)?.n ?? 0) + 1 },
      });
    await clock.advance(2 * SECOND);
    expect(await row()).toMatchObject({ cursor: '{"n":2}', polls: 12, skips: 10, fires: 1, duplicates: 1 });
    expect((await ticks()).slice(0, 2)).toMatchObject([{ outcome: 'skipped', count: 10 }, { outcome: 'fired' }]);
    expect(events.map(({ name }) => name)).toEqual(['firing.accepted', 'firing.duplicate']);
  });

  it('discards a poll whose cursor an operator moved, and polls again with the new one', async () => {
    let calls = 0;
    poll = async ({ cursor }) => {
      calls += 1;
      if (calls === 1) await store.change(() => setTriggerCursor('inbox', '{"n":100}'));
      return TriggerResult.skip(`at ${(cursor as { n: number }).n}`, {
        cursor: { n: (cursor as { n: number }).n + 1 },
      });
    };
    await clock.advance(SECOND);
    expect(calls).toBe(2);
    expect(await row()).toMatchObject({ cursor: '{"n":101}', cursorVersion: 1 });
    expect((await ticks()).slice(-2)).toMatchObject([
      { outcome: 'superseded' },
      { outcome: 'skipped', reason: 'at 100' },
    ]);
  });

  it('suspends after failures and goes on when it is resumed', async () => {
    poll = () => {
      throw new Error('broken');
    };
    await clock.advance(10 * SECOND);
    expect(await row()).toMatchObject({
      consecutiveFailures: 2,
      lastError: 'broken',
      failures: 2,
      suspendedAt: expect.any(Date),
    });
    expect((await ticks()).at(-1)).toMatchObject({ outcome: 'failed', reason: 'broken', count: 2 });
    await store.change(() => resumeTrigger('inbox'));
    poll = () => TriggerResult.skip('fine');
    control.changed('inbox');
    await clock.advance(2 * SECOND);
    expect(await row()).toMatchObject({ consecutiveFailures: 0, suspendedAt: null });
    expect(control.live('inbox')).toMatchObject({ stalled: false, consecutiveFailures: 0 });
  });

  it('writes counts and gives ownership up at the end', async () => {
    await clock.advance(5 * SECOND);
    const before = (await row()).skips;
    await poller.stop(new AbortController().signal);
    const after = await row();
    expect(after.owner).toBeNull();
    expect(after.skips).toBeGreaterThanOrEqual(before + 5);
  });
});
