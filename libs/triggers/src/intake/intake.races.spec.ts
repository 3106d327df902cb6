import fc from 'fast-check';
import { DATABASES } from '../engine/engine.contract.js';
import { causedBy } from '../model/causation.js';
import { isTriggersError } from '../model/errors.js';
import { newId } from '../model/ids.js';
import type { ExecutionId } from '../model/ids.js';
import { FAULTS, FaultyDialect } from '../store/contract/faulty-dialect.contract.js';
import { rowsOf } from '../store/contract/kit.contract.js';
import type { Row } from '../store/dialects/batch.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../testing/properties.contract.js';
import type { FireOutcome } from './fire.types.js';
import { ran, useIntake } from './intake.contract.js';
import type { IntakeHarness } from './intake.contract.js';

const calls = fc.record({
  /** What is wrong with the item, if anything. */
  what: fc.oneof(
    { weight: 4, arbitrary: fc.constant('good' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('filtered' as const, 'throws' as const, 'bad context' as const, 'poison' as const),
    },
  ),
  key: fc.option(fc.nat({ max: 1 })),
  depth: fc.option(fc.nat({ max: 3 })),
});
type Call = typeof calls extends fc.Arbitrary<infer C> ? C : never;

const faults = fc.array(fc.oneof(fc.constant('none' as const), fc.constantFrom(...FAULTS)), { maxLength: 5 });

interface Sent {
  readonly call: Call;
  readonly n: string;
  readonly cause: ExecutionId | null;
  readonly outcome: PromiseSettledResult<FireOutcome>;
}

/** Many callers at once whose filters take as long as the scheduler wants. */
class Callers {
  readonly #good;
  readonly #poison;

  constructor(
    readonly harness: IntakeHarness,
    readonly scheduler: fc.Scheduler,
  ) {
    const filter = async (context: object): Promise<boolean> => {
      const { n, what } = context as { readonly n: string; readonly what: Call['what'] };
      await scheduler.schedule(Promise.resolve(), `the filter judges ${n}`);
      if (what === 'throws') throw new Error(`filter broke on ${n}`);
      return what !== 'filtered';
    };
    const given = { filter, dedup: { scope: 'ever' } } as const;
    this.#good = harness.trigger({ name: 'good', ...given });
    // NOT NULL refuses it, on every database.
    this.#poison = harness.trigger({ name: 'poison', kind: null as never, ...given });
  }

  async call(call: Call, round: string): Promise<Sent> {
    const n = newId();
    const cause = call.depth === null ? null : newId<ExecutionId>();
    await this.scheduler.schedule(Promise.resolve(), `caller ${n}`);
    const context = { n, what: call.what, ...(call.what === 'bad context' && { $n: 1n }) };
    const item = call.key === null ? {} : { dedupKey: `${round} ${call.key}` };
    const fire = (): Promise<FireOutcome> =>
      this.harness.fire(call.what === 'poison' ? this.#poison : this.#good, context, item);
    const work = cause === null ? fire() : causedBy({ executionId: cause, depth: call.depth ?? 0 }, fire);
    return { call, n, cause, outcome: (await Promise.allSettled([work]))[0] };
  }

  /** Lets the scheduler decide until everybody was told; time passes when there is nothing left to decide. */
  async run<T>(all: Promise<T>): Promise<T> {
    const race = { isOver: false };
    const over = (): void => void (race.isOver = true);
    all.then(over, over);
    const { clock } = this.harness.kit;
    for (let left = 1_000; !race.isOver; left -= 1) {
      if (left === 0) throw new Error('Somebody is never told.');
      if (this.scheduler.count() > 0) await this.scheduler.waitOne();
      else await clock.advance(50);
    }
    return all;
  }
}

/** Everybody was told the truth about its own item; returns what was accepted. */
async function expectHonest(harness: IntakeHarness, sent: readonly Sent[]): Promise<string[]> {
  const rows = await rowsOf(harness.node.store, 'firing');
  const firings: readonly Row[] = rows.map((row) => {
    const { n } = JSON.parse(row['context'] as string) as { readonly n: string };
    return { ...row, n };
  });
  const accepted: string[] = [];
  for (const { call, n, cause, outcome } of sent) {
    const own = firings.filter((row) => row['n'] === n);
    if (outcome.status === 'rejected') {
      expect([own, problemOf(outcome.reason)]).toEqual([[], call.what]);
      continue;
    }
    const { status, firingId, executionIds } = outcome.value;
    if (status === 'duplicate') {
      expect(own).toEqual([]);
      const original = sent.find((one) => one.n === firings.find((row) => row['id'] === firingId)?.['n']);
      expect([call.key === null, original?.call.key]).toEqual([false, call.key]);
      continue;
    }
    expect(status).toBe(call.what === 'filtered' ? 'filtered' : 'accepted');
    expect(own).toMatchObject([
      { id: firingId, state: status, caused_by: cause, depth: call.depth === null ? 0 : call.depth + 1 },
    ]);
    expect(JSON.parse(own[0]?.['executions'] as string)).toEqual(executionIds);
    if (status === 'accepted') accepted.push(n);
  }
  return accepted;
}

/** What an item must have been like to be refused so. */
function problemOf(reason: unknown): string {
  if (isTriggersError(reason, 'TRG_CONTEXT_FILTER')) return 'throws';
  if (isTriggersError(reason)) return reason.code.startsWith('TRG_CONTEXT_') ? 'bad context' : reason.code;
  return 'poison';
}

describe.each(DATABASES)('intake under a scheduler on %s', (database) => {
  const h = useIntake(database);

  it(
    'tells everybody once what became of the own item, loses nothing that it accepted, and runs nothing twice',
    async () => {
      const faulty = new FaultyDialect(h().node.store.dialect);
      let round = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(calls, { minLength: 2, maxLength: 10 }),
          faults,
          async (scheduler, given, met) => {
            round += 1;
            const callers = new Callers(h(), scheduler);
            faulty.faults = [...met];
            const sent = await callers.run(Promise.all(given.map((call) => callers.call(call, `round ${round}`))));
            faulty.faults = [];
            const accepted = await expectHonest(h(), sent);
            for (const key of [0, 1]) {
              const winners = sent.filter(({ n, call }) => call.key === key && accepted.includes(n));
              expect(winners.length).toBeLessThanOrEqual(1);
            }
            const ranNow = (): string[] =>
              ran.map((data) => (data as { readonly n: string }).n).filter((n) => sent.some((one) => one.n === n));
            // Claims of a COMMIT that was lost are given back when the node has seen them twice.
            for (let left = 60; ranNow().length < accepted.length && left > 0; left -= 1)
              await h().kit.clock.advance(1_000);
            expect(ranNow().sort()).toEqual(accepted.sort());
          },
        ),
        runs(database === 'postgres' ? 12 : 25),
      );
      await h().kit.clock.advance(60_000);
      expect(new Set(ran.map((data) => (data as { readonly n: string }).n)).size).toBe(ran.length);
    },
    PROPERTY_TIMEOUT_MS,
  );
});
