import fc from 'fast-check';
import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { isTriggersError } from '../../model/errors.js';
import { checkLedger } from '../../testing/ledger-check.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import type { ClaimedTask } from '../claimer.js';
import { CHANGE } from '../commits/change.commit.js';
import { FINISH } from '../commits/finish.commit.js';
import { FIRING } from '../commits/firing.commit.js';
import type { FiringDraft, FiringVerdict } from '../commits/firing.draft.js';
import type { Work } from '../dialects/batch.js';
import { registerNode } from '../node.repository.js';
import { draftOf, wish } from './drafts.contract.js';
import { FAULTS, FaultyDialect } from './faulty-dialect.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database, StoreKit } from './kit.contract.js';
import { emptyLedger, raced, turns } from './racing.contract.js';
import { FakeEngine, begin, finishOf, fire, nodeOf } from './work.contract.js';

const LEASE_MS = 1e10;

const items = fc.record({
  what: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('fire' as const, 'shared fire' as const, 'change' as const, 'finish' as const),
    },
    { weight: 1, arbitrary: fc.constantFrom('bad fire' as const, 'bad change' as const) },
  ),
  node: fc.nat({ max: 1 }),
  later: fc.nat({ max: 2 }),
  deadlineMs: fc.option(fc.integer({ min: 50, max: 800 }), { freq: 4 }),
});
/** The kind that it is committed by. */
const kindOf = ({ what }: Given): 'fire' | 'change' | 'finish' => what.split(' ').at(-1) as 'fire';
type Given = typeof items extends fc.Arbitrary<infer G> ? G : never;

const faults = fc.array(fc.oneof(fc.constant('none' as const), fc.constantFrom(...FAULTS)), { maxLength: 6 });
const troubles = fc.record({
  items: fc.array(items, { minLength: 1, maxLength: 16 }),
  faults: fc.tuple(faults, faults),
  /** While a COMMIT is lost, the other node runs what it wrote to its end. */
  endsMeanwhile: fc.boolean(),
});

/** One item on its way: what it is, and what its caller was told. */
interface Sent {
  readonly given: Given;
  readonly id: string;
  readonly told: PromiseSettledResult<unknown>;
}

/** Two nodes whose transactions meet faults, and everything that was sent through them. */
class Troubled {
  /** Ids in the order in which they were submitted and told, by node and kind. */
  readonly submitted = new Map<string, string[]>();
  readonly settled = new Map<string, string[]>();
  readonly #claimed: ClaimedTask[] = [];

  constructor(
    readonly kit: StoreKit,
    readonly nodes: readonly [FakeEngine, FakeEngine],
  ) {}

  async prepare(count: number): Promise<void> {
    const [engine] = this.nodes;
    for (let at = 0; at < count; at += 1) await begin(engine.store);
    this.#claimed.push(...(await engine.claim(count)));
  }

  async send(given: Given): Promise<Sent> {
    await turns(given.later);
    const { id, told } = this.#submit(given, this.nodes[given.node] as FakeEngine);
    return { given, id, told: (await Promise.allSettled([told]))[0] };
  }

  #submit(given: Given, engine: FakeEngine): { readonly id: string; readonly told: Promise<unknown> } {
    const { commits } = engine.store;
    if (given.what === 'finish') {
      const task = this.#claimed.shift();
      const id = task?.facts.executionId ?? '';
      return { id, told: commits.submit(FINISH, finishOf(task), this.#watched(given, id)) };
    }
    if (given.what === 'change' || given.what === 'bad change') {
      const id = newId<NodeId>();
      const work = function* (): Work<void> {
        yield* registerNode(nodeOf({ id, name: 'sent', leaseMs: 1 }));
        if (given.what === 'bad change') throw new Error('poisoned');
      };
      return { id, told: commits.submit(CHANGE, work, this.#watched(given, id)) };
    }
    const draft = draftFor(given);
    return { id: draft.id, told: commits.submit(FIRING, draft, this.#watched(given, draft.id)) };
  }

  #watched(given: Given, id: string) {
    const { node, deadlineMs } = given;
    const kind = `${kindOf(given)} ${node}`;
    push(this.submitted, kind, id);
    const onCommitted = (): void => push(this.settled, kind, id);
    return deadlineMs === null ? { onCommitted } : { onCommitted, deadlineMs };
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}

function draftFor({ what }: Given): FiringDraft {
  const label = what === 'shared fire' ? 'shared' : newId();
  const draft = draftOf({ dedup: wish(label, what === 'shared fire' ? { scope: 'ever' } : {}) });
  // NOT NULL refuses it, on every database.
  return what === 'bad fire' ? { ...draft, kind: null as never } : draft;
}

/** What a caller may be told, and what must stand in the database because of it. */
async function expectHonest(sent: readonly Sent[], engine: FakeEngine): Promise<void> {
  const ids = async (table: string): Promise<Set<unknown>> =>
    new Set((await rowsOf(engine.store, table)).map((row) => row['id']));
  const executions = await rowsOf(engine.store, 'execution');
  const ended = executions.filter((row) => row['state'] === 'completed').map((row) => row['id']);
  const standing = { fire: await ids('firing'), change: await ids('node'), finish: new Set(ended) };
  const winners = new Set<string>();
  for (const { given, id, told } of sent) {
    const stands = standing[kindOf(given)].has(id);
    if (given.what.startsWith('bad')) {
      expect([told.status, stands]).toEqual(['rejected', false]);
    } else if (told.status === 'rejected') {
      expect(given.deadlineMs).not.toBeNull();
      expect(isTriggersError(told.reason, 'TRG_STORE_UNAVAILABLE')).toBe(true);
      expect(stands).toBe(false);
    } else if (given.what === 'shared fire') {
      const verdict = told.value as FiringVerdict & { readonly firingId: string };
      expect(stands).toBe(verdict.status === 'stored');
      winners.add(verdict.firingId);
    } else {
      expect(stands).toBe(true);
      if (given.what === 'fire') expect(told.value).toMatchObject({ status: 'stored', firingId: id });
      if (given.what === 'finish') expect(told.value).toMatchObject({ written: true });
    }
  }
  expect(winners.size).toBeLessThanOrEqual(1);
}

/** Group commit while everything goes wrong. */
export function faultsContract(database: Database): void {
  describe('group commit in trouble', () => {
    const kit = useStoreKit(database);

    if (database !== ':memory:') {
      it('takes no key again for a firing that ended before anybody knew that it was committed', async () => {
        const store = await kit().open();
        const engine = await FakeEngine.on(store);
        const faulty = new FaultyDialect(store.dialect);
        const other = await FakeEngine.on(await kit().open());
        const draft = draftOf({ dedup: wish('file.csv') });
        faulty.faults = ['lostAfter'];
        faulty.whileLost = async () => {
          await other.runAll();
        };
        const verdict = await raced(kit().clock, fire(engine.store, draft));
        expect(verdict).toMatchObject({ status: 'stored', firingId: draft.id });
        expect(await rowsOf(store, 'dedup')).toEqual([]);
      });
    }

    it(
      'settles every good item once as it stands, fails the bad ones alone, and keeps the order of each kind',
      async () => {
        const store = await kit().open();
        const other = database === ':memory:' ? store : await kit().open();
        const dialects = [...new Set([store, other])].map(({ dialect }) => new FaultyDialect(dialect));
        await fc.assert(
          fc.asyncProperty(troubles, async ({ items: given, faults: met, endsMeanwhile }) => {
            await emptyLedger(store);
            const engine = await FakeEngine.on(store, LEASE_MS);
            const engines = [engine, other === store ? engine : await FakeEngine.on(other, LEASE_MS)] as const;
            const troubled = new Troubled(kit(), engines);
            await troubled.prepare(given.filter(({ what }) => what === 'finish').length);
            dialects.forEach((dialect, at) => {
              dialect.faults = [...(met[at] ?? [])];
              dialect.whileLost = async () => {
                if (endsMeanwhile && dialects.length === 2 && at === 0) await engines[1].runAll();
              };
            });
            const sent = await raced(kit().clock, Promise.all(given.map((item) => troubled.send(item))));
            for (const dialect of dialects) dialect.faults = [];
            // A store may still pause whose items were all late.
            await kit().clock.advance(1_000);
            await expectHonest(sent, engines[0]);
            for (const [kind, order] of troubled.settled) {
              expect(order).toEqual(troubled.submitted.get(kind)?.filter((id) => order.includes(id)));
              expect(new Set(order).size).toBe(order.length);
            }
            expect(await checkLedger(store)).toEqual([]);
          }),
          runs(database === 'postgres' ? 25 : 60),
        );
        await emptyLedger(store);
      },
      PROPERTY_TIMEOUT_MS,
    );
  });
}
