import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { TriggerResult } from '../model/trigger-result.js';
import { PollSource } from '../sources/poll/poll.source.js';
import type { Poll } from '../sources/poll/poll.js';
import { Trigger } from '../sources/poll/trigger.decorator.js';
import { rowsOf } from '../store/contract/kit.contract.js';
import { Task } from '../workflows/task.decorator.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { useEngineKit } from './engine.contract.js';
import type { TestNode } from './engine.contract.js';

const LEASE_MS = 30_000;
const RENEWAL_MS = LEASE_MS / 3;
const INTERVAL_MS = 10_000;
/** What declares one trigger that counts its polls in its cursor. */
type Inbox = Type<{ poll(poll: Poll<number>): TriggerResult }>;

let ran: string[];
let polled: string[];

@Workflow({ name: 'work' })
class Work {
  @Task()
  only({ data }: { readonly data: object }): void {
    const { name, n } = data as { name: string; n: number };
    ran.push(`${name}#${n}`);
  }
}

function inbox(name: string): Inbox {
  @Injectable()
  class One {
    @Trigger({ name, workflow: Work, pollInterval: '10s', dedup: 'off' })
    poll({ cursor }: Poll<number>): TriggerResult {
      const n = (cursor ?? 0) + 1;
      polled.push(`${name}#${n}`);
      return TriggerResult.fire({ name, n }, { cursor: n });
    }
  }
  return One;
}

const inboxes = ['a', 'b', 'c', 'd', 'e', 'f'].map(inbox);
const declared = [Work, ...inboxes];

describe('nodes on one Postgres', () => {
  // Before the kit ends: what stops at once lets no time pass in which others poll.
  afterEach(async () => {
    for (const node of [...kit().nodes]) if (!node.isDead) await kit().shutDown(node, 0);
  });
  const kit = useEngineKit('postgres');
  beforeEach(() => {
    ran = [];
    polled = [];
  });

  const boot = (providers: readonly Type[] = declared): Promise<TestNode> => kit().boot(providers);
  /** Lets time pass in steps in which every poll can be committed. */
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += INTERVAL_MS) await kit().clock.advance(INTERVAL_MS);
  };
  const owners = async (node: TestNode): Promise<unknown[]> =>
    (await rowsOf(node.store, 'trigger', 'name')).map(({ owner }) => owner);
  const shares = async (...nodes: readonly TestNode[]): Promise<number[]> => {
    const rows = await owners(nodes[0] as TestNode);
    return nodes.map(({ nodeId }) => rows.filter((owner) => owner === nodeId).length);
  };
  /** Every poll was committed and ran once, in order. */
  const expectNothingLostOrDoubled = (): void => {
    expect([...ran].sort()).toEqual([...new Set(polled)].sort());
    expect(polled).toHaveLength(new Set(polled).size);
  };

  it('share the triggers that they declare, and move none once they are even', async () => {
    const first = await boot();
    expect(await shares(first)).toEqual([6]);
    const second = await boot();
    const third = await boot();
    await pass(LEASE_MS);
    expect(await shares(first, second, third)).toEqual([2, 2, 2]);
    const rows = await rowsOf(first.store, 'trigger', 'name');
    await pass(LEASE_MS);
    const stay = (all: typeof rows): unknown[] => all.map(({ owner, epoch, wanted_by }) => [owner, epoch, wanted_by]);
    expect(stay(await rowsOf(first.store, 'trigger', 'name'))).toEqual(stay(rows));
    expectNothingLostOrDoubled();
  });

  // Cloacina T-10
  it('poll each trigger every interval while it changes hands', async () => {
    const first = await boot();
    await pass(2 * INTERVAL_MS);
    const second = await boot();
    await pass(LEASE_MS);
    expect(await shares(first, second)).toEqual([3, 3]);
    const before = polled.length;
    await pass(3 * INTERVAL_MS);
    expect(polled).toHaveLength(before + 3 * inboxes.length);
    expectNothingLostOrDoubled();
  });

  it('take over what a node gives back within one renewal', async () => {
    const [first, second, third] = [await boot(), await boot(), await boot()];
    await pass(LEASE_MS);
    await kit().shutDown(third, 0);
    expect((await owners(first)).filter((owner) => owner === null)).toHaveLength(2);
    await pass(RENEWAL_MS);
    expect(await shares(first, second)).toEqual([3, 3]);
    expectNothingLostOrDoubled();
  });

  it('share what a node leaves that was killed, after its lease', async () => {
    const [first, second, third] = [await boot(), await boot(), await boot()];
    await pass(LEASE_MS);
    third.crash();
    const left = polled.length;
    await pass(LEASE_MS + RENEWAL_MS);
    expect(await shares(first, second)).toEqual([3, 3]);
    expect(polled.length).toBeGreaterThan(left);
  });

  it('poll only what they declare, and share the rest of it', async () => {
    const first = await boot([Work, ...inboxes.slice(0, 4)]);
    const second = await boot([Work, ...inboxes.slice(2)]);
    await pass(LEASE_MS);
    const rows = await owners(first);
    expect(rows.slice(0, 2)).toEqual([first.nodeId, first.nodeId]);
    expect(rows.slice(4)).toEqual([second.nodeId, second.nodeId]);
    expect(await shares(first, second)).toEqual([3, 3]);
    expectNothingLostOrDoubled();
  });

  it('give up what they remove, also when it is on its way to them', async () => {
    const first = await boot();
    const second = await boot();
    const source = second.get(PollSource);
    await kit().clock.advance(RENEWAL_MS);
    for (const name of ['a', 'b', 'c']) await source.remove(name);
    await pass(LEASE_MS);
    expect((await owners(first)).slice(0, 3)).toEqual(Array(3).fill(first.nodeId));
    expect(await shares(first, second)).toEqual([3, 3]);
    expectNothingLostOrDoubled();
  });
});

describe('a node on SQLite', () => {
  const kit = useEngineKit('sqlite');

  it('asks nothing about others at a renewal', async () => {
    const node = await kit().boot(declared);
    const asked: string[] = [];
    const { dialect } = node.store;
    const { read } = dialect;
    dialect.read = (batch, rows) => {
      asked.push(batch.name);
      return read.call(dialect, batch, rows);
    };
    await kit().clock.advance(RENEWAL_MS);
    expect(asked).toContain('trigger_stamps');
    expect(asked.filter((name) => name.startsWith('trigger_'))).toEqual(['trigger_stamps']);
  });
});
