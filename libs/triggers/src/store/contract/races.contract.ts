import fc from 'fast-check';
import type { ExecutionId } from '../../model/ids.js';
import { checkLedger } from '../../testing/ledger-check.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import type { ClaimedTask } from '../claimer.js';
import type { DedupWish } from '../commits/firing.draft.js';
import { toDate } from '../dialects/batch.js';
import { cancelExecution, retryExecution } from '../execution.repository.js';
import { draftOf, wish } from './drafts.contract.js';
import { KeyModel, keyName } from './key-model.contract.js';
import type { Asked } from './key-model.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database, StoreKit } from './kit.contract.js';
import { emptyLedger, raced, turns, watchEdges, worldsAfter } from './racing.contract.js';
import type { Answered } from './racing.contract.js';
import { FakeEngine, fire } from './work.contract.js';

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
/** Longer than all rounds of a run. */
const LEASE_MS = 1_000 * MINUTE_MS;

/** Triggers by the scope of their keys; nothing else about them matters. */
const SPACES: readonly (Partial<DedupWish> | null)[] = [
  { space: 'running' },
  { space: 'no cool-down', cooldown: false },
  { space: 'window', scope: 'window', windowMs: 3 * MINUTE_MS },
  { space: 'ever', scope: 'ever' },
  null,
];

const pick = fc.nat({ max: 20 });
const asking = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fire' as const),
      // Mostly those of which most is said: running keys, and windows, whose dead letters are closed.
      space: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 2, arbitrary: fc.constant(2) },
        { weight: 2, arbitrary: fc.nat({ max: 4 }) },
      ),
      key: fc.nat({ max: 1 }),
      idempotency: fc.option(fc.nat({ max: 1 }), { freq: 3 }),
      replay: fc.nat({ max: 6 }).map((one) => one === 6),
      workflows: fc.integer({ min: 1, max: 2 }),
      isDead: fc.nat({ max: 2 }).map((one) => one === 2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('finish' as const), pick, fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry' as const), pick }) },
);
type Asking = typeof asking extends fc.Arbitrary<infer A> ? A : never;

/** Rounds of requests that race: which node is asked, and how many turns of its event loop later. */
const rounds = fc.array(
  fc.record({
    minutes: fc.oneof(fc.constant(0), fc.nat({ max: 4 }), fc.nat({ max: 70 })),
    racers: fc.array(fc.record({ asking, node: fc.nat({ max: 1 }), later: fc.nat({ max: 2 }) }), {
      minLength: 1,
      maxLength: 5,
    }),
  }),
  { minLength: 1, maxLength: 10 },
);

/** Two nodes on one database, and the worlds that their answers leave possible. */
class Races {
  worlds: readonly KeyModel[] = [new KeyModel()];
  readonly claimed = new Map<ExecutionId, ClaimedTask>();

  constructor(
    readonly kit: StoreKit,
    readonly nodes: readonly [FakeEngine, FakeEngine],
  ) {}

  async round({
    minutes,
    racers,
  }: {
    minutes: number;
    racers: readonly { asking: Asking; node: number; later: number }[];
  }) {
    const { clock } = this.kit;
    await clock.advance(minutes * MINUTE_MS + SECOND_MS - (clock.now() % SECOND_MS));
    const now = clock.now();
    const race = racers.flatMap(({ asking: wanted, node, later }) => {
      const asked = this.#asked(wanted);
      return asked === null ? [] : [this.#answered(asked, this.nodes[node] as FakeEngine, later)];
    });
    const answers = await raced(clock, Promise.all(race));
    const worlds = worldsAfter(this.worlds, answers, now);
    if (worlds.length === 0) throw new Error(`No order of the racers explains: ${told(answers)}`);
    this.worlds = worlds.map((world) => world.claim());
    for (const engine of this.nodes) {
      for (const task of await raced(clock, engine.claim())) this.claimed.set(task.facts.executionId, task);
    }
  }

  #asked(wanted: Asking): Asked | null {
    if (wanted.kind === 'fire') return { kind: 'fire', draft: draftFrom(wanted) };
    const known = [...this.claimed.keys()];
    const id = known[wanted.pick % known.length];
    if (id === undefined) return null;
    return wanted.kind === 'finish'
      ? { kind: 'finish', id, state: wanted.fails ? 'failed' : 'completed' }
      : { kind: wanted.kind, id };
  }

  async #answered(asked: Asked, engine: FakeEngine, later: number): Promise<Answered<Asked>> {
    await turns(later);
    return { asked, answer: await this.#answer(asked, engine) };
  }

  async #answer(asked: Asked, engine: FakeEngine): Promise<string> {
    if (asked.kind === 'fire') {
      const verdict = await fire(engine.store, asked.draft);
      if (verdict.status !== 'duplicate') return verdict.status;
      const { of, firingId, coolingDownUntil } = verdict;
      const until = coolingDownUntil === null ? '' : ` until ${Math.floor(coolingDownUntil.getTime() / SECOND_MS)}`;
      return `duplicate by ${of} of ${firingId}${until}`;
    }
    if (asked.kind === 'finish') {
      const { written } = await engine.finish(this.claimed.get(asked.id), { state: asked.state });
      return written ? 'written' : 'refused';
    }
    const control = asked.kind === 'cancel' ? cancelExecution : retryExecution;
    const outcome = await engine.store.change((scope) => control(asked.id, scope));
    if (outcome.status === 'heldByOther') return `held by ${outcome.holder.firingId}`;
    return 'state' in outcome ? `${outcome.status} ${outcome.state}` : outcome.status;
  }

  /** Keys as some possible world has them: nobody holds more, nobody holds less. */
  async expectKeys(): Promise<void> {
    const rows = (await rowsOf(this.nodes[0].store, 'dedup')).map((row) => {
      const until = toDate(row['expires_at']);
      const name = keyName({ space: row['trigger'] as string, key: row['key'] as Buffer });
      return `${name} ${String(row['firing_id'])} ${String(row['failures'])} ${until === null ? '' : Math.floor(until.getTime() / SECOND_MS)}`;
    });
    const possible = this.worlds.map(({ keys }) =>
      [...keys].map(
        ([name, { holder, failures, until }]) =>
          `${name} ${holder} ${failures} ${until === null ? '' : Math.floor(until / SECOND_MS)}`,
      ),
    );
    expect(possible.map((keys) => keys.sort())).toContainEqual(rows.sort());
  }

  /** Dead letters as some possible world has them: open until something is accepted with their key. */
  async expectLetters(): Promise<void> {
    const open = (await rowsOf(this.nodes[0].store, 'firing'))
      .filter((row) => row['state'] === 'dead' && row['closed_at'] === null)
      .map((row) => row['id'] as string);
    expect(this.worlds.map(({ letters }) => [...letters.values()].sort())).toContainEqual(open.sort());
  }
}

function draftFrom({ space, key, idempotency, replay, workflows, isDead }: Extract<Asking, { kind: 'fire' }>) {
  const scope = SPACES[space] ?? null;
  // A firing that starts nothing keeps the window of its key, never a running one.
  const dead = isDead && scope?.scope === 'window';
  // Of a replay and others who take one `ever` key in one group the first wins: keys.contract.ts has it alone.
  const dedup = scope === null ? null : wish(`k${key}`, { ...scope, replay: replay && scope.scope !== 'ever' });
  return draftOf({
    state: dead ? 'dead' : 'accepted',
    workflows,
    dedup,
    idempotency:
      idempotency === null || dead
        ? null
        : wish(`i${idempotency}`, { space: 'sender', scope: 'window', cooldown: false, windowMs: 24 * 60 * MINUTE_MS }),
    closes: dead || dedup === null ? [] : [dedup],
  });
}

function told(answers: readonly Answered<Asked>[]): string {
  return answers
    .map(({ asked, answer }) => `${asked.kind} ${asked.kind === 'fire' ? asked.draft.id : asked.id}: ${answer}`)
    .join('; ');
}

/** Keys under racing nodes, against a model that takes one request after the other. */
export function racesContract(database: Database): void {
  describe('racing nodes', () => {
    const kit = useStoreKit(database);

    it('names to nobody in a group a firing that was not stored, whichever of two keys repeats', async () => {
      const store = await kit().open();
      const key = (label: string): DedupWish => wish(label, { space: 'sender', scope: 'window', windowMs: MINUTE_MS });
      const [first, second, third] = await Promise.all([
        fire(store, { dedup: wish('file.csv') }),
        fire(store, { dedup: wish('file.csv'), idempotency: key('request') }),
        fire(store, { dedup: wish('other.csv'), idempotency: key('request') }),
      ]);
      expect(second).toMatchObject({
        status: 'duplicate',
        of: 'dedup',
        firingId: (first as { firingId: string }).firingId,
      });
      expect(third.status).toBe('stored');
    });

    it(
      'are answered as if each had asked alone, in some order, whatever the scopes, ends, retries and replays',
      async () => {
        const store = await kit().open();
        const other = database === ':memory:' ? store : await kit().open();
        const edgesOutside = await watchEdges(store);
        await fc.assert(
          fc.asyncProperty(rounds, async (given) => {
            await emptyLedger(store);
            const engine = await FakeEngine.on(store, LEASE_MS);
            const races = new Races(kit(), [engine, other === store ? engine : await FakeEngine.on(other, LEASE_MS)]);
            for (const round of given) await races.round(round);
            await races.expectKeys();
            await races.expectLetters();
            expect(await checkLedger(store)).toEqual([]);
          }),
          runs(database === 'postgres' ? 25 : 50),
        );
        expect(await edgesOutside()).toEqual([]);
        await emptyLedger(store);
      },
      PROPERTY_TIMEOUT_MS,
    );
  });
}
