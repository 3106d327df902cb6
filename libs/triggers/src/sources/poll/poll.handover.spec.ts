import fc from 'fast-check';
import { gate } from '../../../../../test/support/gate.js';
import type { Gate } from '../../../../../test/support/gate.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { TestClock } from '../../testing/test-clock.js';
import { FakeTriggers } from './fake-trigger-rows.contract.js';
import { createHarness } from './poll-harness.contract.js';
import type { PollHarness } from './poll-harness.contract.js';
import { spreadMs } from './poll-schedule.js';
import type { TestDefinition } from './test-trigger.contract.js';

const SECOND = 1_000;
const MINUTE = 60_000;

/** A poll and the node that made it. */
type Polled = readonly [node: string, at: number];

/** Several nodes on one store that declare the same triggers. */
class Neighbourhood {
  readonly clock = new TestClock();
  readonly shared = new FakeTriggers();
  readonly polls: Polled[] = [];
  readonly nodes = new Map<string, PollHarness>();

  /** Starts a node that declares these triggers; each of them notes its polls. */
  async start(nodeId: string, ...triggers: readonly Partial<TestDefinition>[]): Promise<PollHarness> {
    const { clock, shared } = this;
    const harness = await createHarness({ clock, shared, nodeId });
    for (const given of triggers) {
      const body = given.poll ?? (() => TriggerResult.skip('empty'));
      harness.add({
        ...given,
        poll: (poll) => {
          this.polls.push([nodeId, clock.monotonic()]);
          return body(poll);
        },
      });
    }
    this.nodes.set(nodeId, harness);
    await harness.poller.start();
    return harness;
  }

  async renew(nodeId: string): Promise<void> {
    await this.nodes.get(nodeId)?.poller.renewed();
    await this.clock.settle();
  }

  owners(): (string | null)[] {
    return [...this.shared.rows.values()].map(({ owner }) => owner);
  }

  /** Another node asks the owner for this trigger. */
  want(name: string, nodeId: string): void {
    const row = this.shared.rows.get(name);
    if (row !== undefined && row.owner !== nodeId) Object.assign(row, { wantedBy: nodeId });
  }
}

const two = (pollIntervalMs = SECOND): Partial<TestDefinition>[] => [
  { name: 'one', pollIntervalMs },
  { name: 'two', pollIntervalMs },
];

describe('a trigger that is handed over', () => {
  let all: Neighbourhood;
  beforeEach(() => {
    all = new Neighbourhood();
  });

  /** A node that polls it, and another one that wants it. */
  async function wanted(given: Partial<TestDefinition> = {}): Promise<PollHarness> {
    const owner = await all.start('a', { name: 'inbox', ...given });
    await all.start('b', { name: 'inbox', ...given });
    all.want('inbox', 'b');
    return owner;
  }

  it('is found by the wanter at its renewal, and asked for by nobody once the shares are even', async () => {
    await all.start('a', ...two());
    await all.start('b', ...two());
    expect(all.owners()).toEqual(['a', 'a']);
    await all.renew('a');
    expect(all.owners()).toEqual(['b', 'a']);
    await all.clock.advance(3 * SECOND);
    expect(all.polls.filter(([node]) => node === 'b')).toEqual([]);
    await all.renew('b');
    all.polls.length = 0;
    await all.clock.advance(3 * SECOND);
    expect(all.polls.map(([node]) => node).sort()).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    const calls = [...all.nodes.values()].map(({ intake }) => ({ ...intake.calls }));
    for (const node of ['a', 'b', 'a', 'b']) await all.renew(node);
    expect([...all.nodes.values()].map(({ intake }) => intake.calls)).toEqual(
      calls.map((before) => ({ ...before, stamps: before.stamps + 2, holdings: before.holdings + 2 })),
    );
  });

  it.each([SECOND, 20 * SECOND, 10 * MINUTE])(
    'every %i ms is polled on at the same instants',
    async (pollIntervalMs) => {
      const first = spreadMs('inbox', pollIntervalMs);
      await wanted({ pollIntervalMs });
      await all.clock.advance(first + pollIntervalMs + pollIntervalMs / 2);
      await all.renew('a');
      await all.renew('b');
      await all.clock.advance(2 * pollIntervalMs);
      expect(all.polls).toEqual([
        ['a', first],
        ['a', first + pollIntervalMs],
        ['b', first + 2 * pollIntervalMs],
        ['b', first + 3 * pollIntervalMs],
      ]);
    },
  );

  it('has its counts written by the owner that counted them, and its cursor kept', async () => {
    const { intake } = await wanted();
    all.shared.rows.get('inbox')!.cursor = '7';
    await all.clock.advance(5 * SECOND);
    expect(intake.writes).toEqual([]);
    await all.renew('a');
    expect(intake.writes).toMatchObject([{ flush: true, counts: { polls: 5, skips: 5 } }]);
    expect(intake.row('inbox')).toMatchObject({ owner: 'b', wantedBy: null, epoch: 2, cursor: '7' });
  });

  // Cloacina T-10
  it('goes only after the poll under way is committed', async () => {
    const body = gate<TriggerResult>();
    const { intake } = await wanted({ poll: () => body.opened });
    await all.clock.advance(SECOND);
    await all.renew('a');
    await all.renew('b');
    await all.clock.advance(5 * SECOND);
    expect(all.polls).toHaveLength(1);
    expect(all.owners()).toEqual(['a']);
    body.open(TriggerResult.fire({ a: 1 }, { cursor: 3 }));
    await all.clock.settle();
    expect(intake.row('inbox')).toMatchObject({ owner: 'b', cursor: '3' });
    await all.renew('b');
    await all.clock.advance(SECOND);
    expect(all.polls.map(([node]) => node)).toEqual(['a', 'b']);
  });

  it('goes at once where both nodes are told', async () => {
    const owner = await wanted();
    await all.clock.advance(SECOND);
    owner.control.changed('inbox');
    await all.clock.settle();
    expect(all.owners()).toEqual(['b']);
    all.nodes.get('b')?.control.changed('inbox');
    await all.clock.advance(SECOND);
    expect(all.polls.map(([node]) => node)).toEqual(['a', 'b']);
  });

  it('answers first who asked for a poll', async () => {
    const bodies: Gate<TriggerResult>[] = [];
    const owner = await wanted({
      poll: () => {
        const body = gate<TriggerResult>();
        bodies.push(body);
        return body.opened;
      },
    });
    await all.clock.advance(SECOND);
    const report = owner.control.pollNow('inbox');
    await all.renew('a');
    bodies[0]?.open(TriggerResult.skip('before'));
    await all.clock.advance(1);
    bodies[1]?.open(TriggerResult.skip('asked'));
    expect(await report).toMatchObject({ status: 'skipped', reason: 'asked' });
    await all.clock.settle();
    expect(all.owners()).toEqual(['b']);
  });

  it('stays and is polled on while the store is away, and goes at the next renewal', async () => {
    const { intake } = await wanted();
    await all.clock.advance(3 * SECOND);
    intake.isAway = true;
    await all.renew('a');
    expect(all.owners()).toEqual(['a']);
    await all.clock.advance(2 * SECOND);
    expect(all.polls.map(([node]) => node)).toEqual(Array(5).fill('a'));
    intake.back();
    await all.renew('a');
    expect(all.owners()).toEqual(['b']);
  });

  it('goes with its counts although an operator has disabled it', async () => {
    const { intake, control } = await wanted();
    await all.clock.advance(3 * SECOND);
    intake.operate('inbox', { enabledOverride: false });
    control.changed('inbox');
    await all.renew('a');
    expect(all.owners()).toEqual(['b']);
    expect(intake.writes.map(({ counts }) => counts.polls)).toEqual([all.polls.length]);
  });

  it('stays where the node that wants it has died', async () => {
    await wanted();
    await all.clock.advance(SECOND);
    all.shared.living.delete('b');
    await all.renew('a');
    await all.clock.advance(2 * SECOND);
    expect(all.owners()).toEqual(['a']);
    expect(all.polls).toHaveLength(3);
  });

  it('stays where that node dies in the moment of the hand-over', async () => {
    const { intake } = await wanted();
    await all.clock.advance(SECOND);
    const { handOver } = intake;
    intake.handOver = (handOvers) => {
      all.shared.living.delete('b');
      return handOver.call(intake, handOvers);
    };
    await all.renew('a');
    await all.clock.advance(2 * SECOND);
    expect(all.owners()).toEqual(['a']);
    expect(all.polls).toHaveLength(3);
  });

  it('is not asked for any more by a node that drops it', async () => {
    await wanted();
    const wanter = all.nodes.get('b') as PollHarness;
    await wanter.poller.drop(wanter.poller.require('inbox'));
    expect(wanter.intake.row('inbox')).toMatchObject({ owner: 'a', wantedBy: null });
  });

  it('is given back by a node that stops before it has found it', async () => {
    await wanted();
    await all.renew('a');
    await all.nodes.get('b')?.poller.stop(new AbortController().signal);
    expect(all.owners()).toEqual([null]);
  });
});

describe('nodes that share triggers', () => {
  it('take what a node gives back or leaves when it dies, each its share', async () => {
    const all = new Neighbourhood();
    const names = Array.from({ length: 6 }, (_, at) => ({ name: `t${at}` }));
    for (const node of ['a', 'b', 'c']) await all.start(node, ...names);
    for (const _ of Array(4)) for (const node of ['a', 'b', 'c']) await all.renew(node);
    expect(all.owners().sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
    await all.nodes.get('c')?.poller.stop(new AbortController().signal);
    all.shared.living.delete('c');
    await all.renew('a');
    await all.renew('b');
    expect(all.owners().sort()).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    all.shared.living.delete('b');
    await all.renew('a');
    expect(all.owners()).toEqual(Array(6).fill('a'));
  });

  it('take at once, whole, what is registered while the application runs', async () => {
    const all = new Neighbourhood();
    await all.start('a', ...two());
    await all.start('b', ...two());
    const { poller, add } = all.nodes.get('a') as PollHarness;
    for (const name of ['three', 'four', 'five']) {
      add({ name, poll: () => TriggerResult.skip() });
      await poller.enlist([poller.require(name)]);
    }
    expect(all.owners()).toEqual(['a', 'a', 'a', 'a', 'a']);
  });

  it(
    'never run two bodies of a trigger at once, and poll it on its grid whoever owns it',
    async () => {
      const steps = fc.oneof(
        fc.constantFrom(100, 700, 4_000).map((ms) => ({ what: 'pass' as const, ms })),
        fc.record({ what: fc.constantFrom('renew' as const, 'want' as const), node: fc.constantFrom('a', 'b', 'c') }),
        fc.constant({ what: 'end' as const }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async (given) => {
          const all = new Neighbourhood();
          let running: Gate<TriggerResult>[] = [];
          let overlaps = 0;
          const poll = (): Promise<TriggerResult> => {
            if (running.length > 0) overlaps += 1;
            const body = gate<TriggerResult>();
            running.push(body);
            return body.opened;
          };
          const end = (): void => {
            for (const body of running) body.open(TriggerResult.skip());
            running = [];
          };
          for (const node of ['a', 'b', 'c']) await all.start(node, { name: 'inbox', timeoutMs: 60 * MINUTE, poll });
          // Its grid begins with its first poll.
          await all.clock.advance(SECOND);
          end();
          for (const step of given) {
            if (step.what === 'renew') await all.renew(step.node);
            else if (step.what === 'want') all.want('inbox', step.node);
            else if (step.what === 'end') end();
            await all.clock.advance(step.what === 'pass' ? step.ms : 0);
          }
          end();
          await all.clock.settle();
          for (const node of ['a', 'b', 'c', 'a', 'b', 'c']) await all.renew(node);
          const before = all.polls.length;
          await all.clock.advance(2 * SECOND);
          expect(all.polls.length).toBeGreaterThan(before);
          expect(overlaps).toBe(0);
          const offGrid = all.polls.filter(([, at]) => (at - spreadMs('inbox', SECOND)) % SECOND !== 0);
          expect(offGrid).toEqual([]);
        }),
        runs(100),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
