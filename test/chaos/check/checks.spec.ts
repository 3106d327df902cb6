import type { LedgerRows } from '../stores/ledger.js';
import { Random } from '../random.js';
import type { Polled } from '../worker/effects.js';
import { unfinished } from './calm.js';
import { checkCallbacks } from './callbacks.check.js';
import type { BodyEffect, Effects, ToldEffect } from './effects.js';
import type { Expectations } from './expectations.js';
import { checkFirings } from './firings.check.js';
import { checkFollowed } from './followed.check.js';
import { LedgerView } from './ledger-view.js';
import { checkOwners } from './owners.check.js';
import { checkResults } from './results.check.js';
import { checkSpread } from './spread.check.js';
import { startWaits } from './start-waits.js';
import { checkTicks } from './ticks.check.js';
import { checkTriggers } from './triggers.check.js';
import { checkWritten } from './written.check.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Mutable<Item>[] : T[K] };
type Rows = Record<keyof LedgerRows, Record<string, unknown>[]>;

/** A round in which everything went well: one item of each way of firing, two ticks. */
interface Round {
  rows: Rows;
  bodies: Mutable<BodyEffect>[];
  told: Mutable<ToldEffect>[];
  polls: Mutable<Polled>[];
  expected: Mutable<Expectations> & { feeder: { fed: Record<string, { item: string }[]> } };
}

const [AT, LATER] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'];
/** 250 ms after the firing, by two nodes. */
const DONE = ['worker-1', 'worker-2'].map((by) => ({ by, at: Date.parse(AT) + 250 })) as [DoneBy, DoneBy];
type DoneBy = Pick<BodyEffect, 'by' | 'at'>;

const work = (item: string) => ({ item, ms: 0, fails: 'never' as const });

function goodRound(): Round {
  const rows: Rows = {
    firings: [],
    executions: [],
    tasks: [],
    triggers: [],
    nodes: [],
    followUps: [],
    entries: [],
    outbox: [],
  };
  const round: Round = {
    rows,
    bodies: [],
    told: [],
    polls: [],
    expected: {
      feeder: {
        fed: { counted: [work('counted-0')], keyed: [], waiting: [work('waiting-0')] },
        isTaken: () => true,
        started: [
          { work: work('direct-0'), workflow: 'chain', acknowledged: [{ askedAt: 5, firingId: 'f-direct-0' }] },
        ],
        delivered: [{ work: work('delivered-0'), acknowledged: [{ askedAt: 5, firingId: 'f-delivered-0' }] }],
      } as never,
      operator: { cancelled: new Set(), paused: new Set(), retried: new Map() } as never,
      ledgerLostAt: null,
      clockJumped: false,
      clocksAreTrue: true,
      several: true,
    },
  };
  add(round, 'counted', 'counted-0', 'single', ['only']);
  add(round, 'waiting', 'waiting-0', 'taker', ['take']);
  add(round, null, 'direct-0', 'chain', ['first', 'second']);
  add(round, 'delivered', 'delivered-0', 'single', ['only']);
  add(round, 'ticking', 'tick-1', 'single', [], { scheduled_for: AT });
  add(round, 'ticking', 'tick-2', 'single', [], { scheduled_for: LATER });
  add(round, 'written', 'entry-1', 'single', []);
  rows.entries.push({ id: 1 });
  const end = { execution: 'e-direct-0', state: 'completed' };
  add(round, 'followed', 'end-0', 'follower', [], { context: JSON.stringify({ ...work('end-0'), end }) });
  const trigger = { fires: 1, consecutive_failures: 0, cursor: null, owner: null, first_seen_at: AT };
  rows.triggers.push({ ...trigger, name: 'counted', kind: 'poll', cursor: '{"next":1}', owner: 'n1' });
  rows.triggers.push({ ...trigger, name: 'waiting', kind: 'poll', owner: 'n2' });
  rows.triggers.push({ ...trigger, name: 'delivered', kind: 'webhook' });
  rows.triggers.push({ ...trigger, name: 'followed', kind: 'workflow' });
  rows.triggers.push({ ...trigger, name: 'written', kind: 'entity' });
  rows.triggers.push({ ...trigger, name: 'ticking', kind: 'schedule', fires: 2, enabled_override: 0, owner: 'n1' });
  rows.nodes.push(
    { id: 'n1', name: 'worker-1', lease_until: LATER },
    { id: 'n2', name: 'worker-2', lease_until: LATER },
  );
  round.polls.push({ trigger: 'counted', by: 'worker-1', at: 1 }, { trigger: 'waiting', by: 'worker-2', at: 1 });
  return round;
}

function add(
  round: Round,
  trigger: string | null,
  item: string,
  workflow: string,
  tasks: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): void {
  const execution = `e-${item}`;
  round.rows.firings.push({
    id: `f-${item}`,
    trigger,
    state: 'accepted',
    context: JSON.stringify(work(item)),
    created_at: AT,
    ...more,
  });
  round.rows.executions.push({
    id: execution,
    firing_id: `f-${item}`,
    workflow,
    state: 'completed',
    callback: null,
    callback_state: null,
    finished_at: LATER,
  });
  let saw: Record<string, string> = {};
  for (const task of tasks) {
    const run = `run of ${task} of ${item}`;
    const effect = { execution, task, attempt: 1, run, saw, item, ...DONE[workflow === 'single' ? 0 : 1] };
    round.bodies.push({ kind: 'began', ...effect }, { kind: 'returned', ...effect });
    saw = { ...saw, [task]: run };
    round.told.push({ kind: 'told', execution, task, callback: 'onSuccess', saw, ...DONE[0] });
    round.rows.tasks.push({
      execution_id: execution,
      task,
      state: 'completed',
      attempt: 1,
      output: JSON.stringify({ runs: { [task]: run } }),
      callback: 'onSuccess',
      callback_state: 'completed',
    });
  }
}

function problemsOf({ rows, bodies, told, polls, expected }: Round): string[] {
  const view = new LedgerView(rows);
  const effects: Effects = { bodies, told };
  return [
    ...unfinished(view, expected),
    ...checkFirings(view, expected),
    ...checkTriggers(view, expected),
    ...checkTicks(view, expected),
    ...checkFollowed(view, expected),
    ...checkWritten(view, expected),
    ...checkResults(view, effects, expected),
    ...checkCallbacks(view, effects, expected),
    ...checkSpread(effects),
    ...checkOwners(view, polls, Date.parse(AT)),
  ];
}

const execution = ({ rows }: Round, item: string) => rows.executions.find(({ id }) => id === `e-${item}`)!;
const firing = ({ rows }: Round, item: string) => rows.firings.find(({ id }) => id === `f-${item}`)!;
const trigger = ({ rows }: Round, name: string) => rows.triggers.find((row) => row['name'] === name)!;
const task = ({ rows }: Round, name: string) => rows.tasks.find((row) => row['task'] === name)!;

describe('the checker of the chaos', () => {
  it('finds nothing in a round in which everything went well', () => {
    expect(problemsOf(goodRound())).toEqual([]);
  });

  it.each<[string, string, (round: Round) => void]>([
    [
      'a lost firing',
      'counted-1 has not fired',
      ({ expected }) => expected.feeder.fed['counted'].push(work('counted-1')),
    ],
    [
      'a doubled firing',
      'counted-0 has fired 2 times',
      ({ rows }) => rows.firings.push({ ...rows.firings[0], id: 'again' }),
    ],
    ['a firing of nothing that was fed', 'fired 2 items', (round) => add(round, 'counted', 'counted-9', 'single', [])],
    [
      'a refused firing',
      'is dead: too large',
      ({ rows }) => rows.firings.push({ id: 'f', state: 'dead', reason: 'too large' }),
    ],
    [
      'a lie to a sender',
      'which is not there',
      ({ expected }) => expected.feeder.started[0]!.acknowledged.push({ askedAt: 6, firingId: 'lost' }),
    ],
    [
      'a start without an answer',
      'never acknowledged',
      ({ expected }) => expected.feeder.started[0]!.acknowledged.splice(0),
    ],
    [
      'work that was started twice',
      'was started 2 times',
      ({ rows }) => rows.firings.push({ ...rows.firings[2], id: 'again' }),
    ],
    [
      'an event that was fired twice',
      'delivered-0 has fired 2 times',
      (round) => round.rows.firings.push({ ...firing(round, 'delivered-0'), id: 'again' }),
    ],
    [
      'an event that nobody sent',
      'delivered fired 2 items',
      (round) => add(round, 'delivered', 'delivered-9', 'single', []),
    ],
    [
      'an event that was never taken',
      'delivered-0 was never acknowledged',
      ({ expected }) => expected.feeder.delivered[0]!.acknowledged.splice(0),
    ],
    [
      'a lie to the sender of an event',
      'delivered-0 was acknowledged as lost, which is not there',
      ({ expected }) => expected.feeder.delivered[0]!.acknowledged.push({ askedAt: 6, firingId: 'lost' }),
    ],
    ['an event that waits for nothing', 'is held', (round) => (firing(round, 'delivered-0')['state'] = 'held')],
    [
      'a tick that fired twice',
      'the tick of 2026-01-01T00:00:01.000Z fired twice',
      (round) => add(round, 'ticking', 'again', 'single', [], { scheduled_for: LATER }),
    ],
    [
      'a tick that was lost',
      'no tick fired between 2026-01-01T00:00:00.000Z and 2026-01-01T00:00:02.000Z',
      (round) => (firing(round, 'tick-2')['scheduled_for'] = '2026-01-01T00:00:02.000Z'),
    ],
    [
      'a tick beside the interval',
      'is no tick since',
      (round) => (trigger(round, 'ticking')['first_seen_at'] = '2026-01-01T00:00:00.500Z'),
    ],
    ['a schedule that goes on', 'still ticking', (round) => (trigger(round, 'ticking')['enabled_override'] = null)],
    [
      'a row of the application that has not fired',
      'entry-2 was committed and has not fired',
      ({ rows }) => rows.entries.push({ id: 2 }),
    ],
    [
      'a row of the application that fired twice',
      'entry-1 has fired 2 times',
      ({ rows }) => rows.firings.push({ ...rows.firings.find(({ trigger }) => trigger === 'written'), id: 'again' }),
    ],
    [
      'a row that was rolled back and fired',
      'entry-1 has fired, but the application has not committed it',
      ({ rows }) => rows.entries.splice(0),
    ],
    ['a row that waits in the outbox', 'row 7 of the outbox is not relayed', ({ rows }) => rows.outbox.push({ id: 7 })],
    [
      'an end that waits to be followed',
      'the end of execution e-direct-0 is not followed',
      ({ rows }) => rows.followUps.push({ execution_id: 'e-direct-0' }),
    ],
    [
      'an end that nobody followed',
      'was followed as nothing',
      ({ rows }) =>
        rows.firings.splice(
          rows.firings.findIndex(({ id }) => id === 'f-end-0'),
          1,
        ),
    ],
    [
      'an end that was followed as another one',
      'completed, was followed as failed',
      (round) => (firing(round, 'end-0')['context'] = '{"end":{"execution":"e-direct-0","state":"failed"}}'),
    ],
    [
      'an end that was followed twice',
      'was followed 2 times after 0 retries: f-end-0, again',
      (round) => round.rows.firings.push({ ...firing(round, 'end-0'), id: 'again' }),
    ],
    [
      'the end of nothing that is followed',
      'an end of e-counted-0 was followed',
      (round) => (firing(round, 'end-0')['context'] = '{"end":{"execution":"e-counted-0","state":"completed"}}'),
    ],
    [
      'a key that two held at once',
      'fired again while it ran',
      ({ rows }) => rows.firings.push({ ...rows.firings[1], id: 'again' }),
    ],
    ['a workflow that was not started', 'not taker', ({ rows }) => rows.executions.splice(1, 1)],
    ['an execution without an end', 'is running', (round) => (execution(round, 'counted-0')['state'] = 'running')],
    [
      'an end that the work does not explain',
      'is failed, not completed',
      (round) => (execution(round, 'counted-0')['state'] = 'failed'),
    ],
    [
      'a cancellation that nobody asked for',
      'is cancelled, not completed',
      (round) => (execution(round, 'counted-0')['state'] = 'cancelled'),
    ],
    [
      'a result that no body returned',
      'that nobody made',
      (round) => (task(round, 'only')['output'] = '{"runs":{"only":"other"}}'),
    ],
    ['a result that was written twice', 'saw run', (round) => (round.bodies.at(-1)!.saw = { first: 'another run' })],
    ['a failure that no body caused', 'no run of it did', (round) => (task(round, 'only')['state'] = 'failed')],
    ['too many attempts', 'in its attempt 4', (round) => (task(round, 'only')['attempt'] = 4)],
    ['a skipped task that ran', 'was skipped and ran', (round) => (task(round, 'only')['state'] = 'skipped')],
    ['a body without an execution', 'which is not there', (round) => (round.bodies[0]!.execution = 'unknown')],
    ['a callback that waits', 'is pending', (round) => (task(round, 'only')['callback_state'] = 'pending')],
    ['a callback that was never called', 'was never called', (round) => round.told.splice(0, 1)],
    ['a callback that is not due', 'nothing says that it is due', (round) => (task(round, 'only')['callback'] = null)],
    [
      'a callback that saw what is not written',
      'onSuccess of task only of e-counted-0 saw run',
      (round) => (round.told[0]!.saw = { only: 'another run' }),
    ],
    ['a counter that is off', 'counts 2 fires, but has 1', ({ rows }) => (rows.triggers[0]!['fires'] = 2)],
    [
      'events that were counted and are not there',
      'delivered counts 2 fires, but has 1',
      (round) => (trigger(round, 'delivered')['fires'] = 2),
    ],
    ['a cursor that is off', 'stands at {"next":0}', ({ rows }) => (rows.triggers[0]!['cursor'] = '{"next":0}')],
    [
      'a trigger that fails',
      'trigger counted fails: broken',
      ({ rows }) => Object.assign(rows.triggers[0]!, { consecutive_failures: 1, last_error: 'broken' }),
    ],
    [
      'a trigger without an owner',
      'owned by null, which is no node',
      ({ rows }) => (rows.triggers[0]!['owner'] = null),
    ],
    ['a trigger of a node that is gone', 'owned by n1, which is no node', ({ rows }) => rows.nodes.splice(0, 1)],
    [
      'a trigger of a dead node',
      'owned by worker-1, which is dead',
      ({ rows }) => (rows.nodes[0]!['lease_until'] = AT),
    ],
    ['a trigger that nobody polls', 'but polled by nobody', ({ polls }) => polls.splice(0, 1)],
    [
      'a schedule that another node fires',
      'ticking is owned by worker-1, but polled by worker-2',
      ({ polls }) => polls.push({ trigger: 'ticking', by: 'worker-2', at: 2 }),
    ],
    [
      'a trigger that two poll',
      'owned by worker-1, but polled by worker-1 and worker-2',
      ({ polls }) => polls.push({ trigger: 'counted', by: 'worker-2', at: 2 }),
    ],
    [
      'work that one node did alone',
      'no two nodes worked at the same time: worker-1',
      ({ bodies }) => bodies.forEach((body) => (body.by = 'worker-1')),
    ],
    [
      'work that one node did after the other',
      'no two nodes worked at the same time: worker-1, worker-2',
      ({ bodies }) => bodies.filter(({ by }) => by === 'worker-2').forEach((body) => (body.at += 1)),
    ],
  ])('finds %s', (_what, problem, spoil) => {
    const round = goodRound();
    spoil(round);
    expect(problemsOf(round)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });

  it('waits for an item whose execution was cancelled until it is taken, and no longer', () => {
    const round = goodRound();
    execution(round, 'waiting-0')['state'] = 'cancelled';
    expect(unfinished(new LedgerView(round.rows), round.expected)).toEqual([]);
    Object.assign(round.expected.feeder, { isTaken: () => false });
    expect(unfinished(new LedgerView(round.rows), round.expected)).toEqual(['waiting-0 is not taken']);
  });

  it('lets an end that an operator retried be followed again, once for each time that was asked for', () => {
    const round = goodRound();
    const failed = '{"end":{"execution":"e-direct-0","state":"failed"}}';
    round.rows.firings.push({ ...firing(round, 'end-0'), id: 'before', context: failed });
    round.expected.operator.retried.set('e-direct-0', 1);
    const followed = () => checkFollowed(new LedgerView(round.rows), round.expected);
    expect(followed()).toEqual([]);
    round.rows.firings.push({ ...firing(round, 'end-0'), id: 'again', context: failed });
    expect(followed()).toEqual([expect.stringContaining('was followed 3 times after 1 retries')]);
  });

  it('does not count the fires of events that a process took with it', () => {
    const round = goodRound();
    trigger(round, 'delivered')['fires'] = 0;
    expect(problemsOf(round)).toEqual([]);
  });

  it('asks for no tick that was left out where clocks are not true', () => {
    const round = goodRound();
    firing(round, 'tick-2')['scheduled_for'] = '2026-01-02T00:00:00.000Z';
    round.expected.clocksAreTrue = false;
    expect(problemsOf(round)).toEqual([]);
  });

  it('holds acknowledgements of before the loss of a ledger against nobody, and those of after it against the new one', () => {
    const round = goodRound();
    round.expected.ledgerLostAt = 10;
    const { acknowledged } = round.expected.feeder.started[0]!;
    acknowledged.push({ askedAt: 9, firingId: 'lost with the ledger' });
    expect(problemsOf(round)).toEqual([]);
    acknowledged.push({ askedAt: 11, firingId: 'written nowhere' });
    expect(problemsOf(round)).toEqual([expect.stringContaining('written nowhere')]);
  });
});

describe('what executions waited for their first body', () => {
  const waitsOf = ({ rows, bodies, told, expected }: Round): number[] =>
    startWaits(new LedgerView(rows), { bodies, told }, expected);

  it('lasts from the firing to whichever body began first', () => {
    const round = goodRound();
    expect(waitsOf(round)).toEqual([250, 250, 250]);
    for (const effect of round.bodies.filter(({ task }) => task !== 'first')) effect.at += 1_000;
    expect(waitsOf(round)).toEqual([1_250, 1_250, 250]);
  });

  it('is not counted where the operator is to blame, or nothing began', () => {
    const round = goodRound();
    round.expected.operator.paused.add('e-counted-0');
    round.expected.operator.cancelled.add('e-waiting-0');
    expect(waitsOf(round)).toHaveLength(1);
    round.bodies = [];
    expect(waitsOf(round)).toEqual([]);
  });
});

describe('the chance of the chaos', () => {
  it('is the same for the same seed, and another for each branch', () => {
    const draw = (random: Random): number[] => Array.from({ length: 5 }, () => random.between(0, 1_000_000));
    expect(draw(new Random(7))).toEqual(draw(new Random(7)));
    expect(draw(new Random(7))).not.toEqual(draw(new Random(8)));
    expect(draw(new Random(7).branch(1))).toEqual(draw(new Random(7).branch(1)));
    expect(draw(new Random(7).branch(1))).not.toEqual(draw(new Random(7).branch(2)));
  });
});
