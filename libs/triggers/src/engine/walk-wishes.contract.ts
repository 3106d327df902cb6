import fc from 'fast-check';
import { newId } from '../model/ids.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import { hasEnded } from '../model/states.js';
import { plansOf } from '../store/contract/graphs.contract.js';
import type { Plan } from '../store/contract/graphs.contract.js';
import type { Asked } from './walk-model.contract.js';
import type { Race, Walk } from './walk.contract.js';

const pick = fc.nat({ max: 30 });
const oneIn = (count: number): fc.Arbitrary<boolean> => fc.nat({ max: count - 1 }).map((one) => one === count - 1);

/** What somebody wants, whatever there is by then; mostly of the youngest. */
const wishes = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fire' as const),
      key: fc.option(fc.constantFrom('k0', 'k1')),
      plans: fc.array(plansOf(4), { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('claim' as const), alone: oneIn(4) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      pick,
      ending: fc.constantFrom('completed', 'completed', 'failed', 'skipped'),
      isLate: oneIn(5),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('putBack' as const),
      pick,
      why: fc.constantFrom('retry', 'release'),
      // Never at a whole second: that is when rounds begin.
      delayMs: fc.constantFrom(0, 4_500),
      isLate: oneIn(5),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('pause', 'resume', 'cancel', 'retry', 'retry', 'strand', 'replay'),
      pick,
      isOld: oneIn(4),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rescue' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('prune' as const), failedToo: fc.boolean() }) },
);
type Wish = typeof wishes extends fc.Arbitrary<infer W> ? W : never;

const racers = fc.array(fc.record({ wish: wishes, node: fc.nat({ max: 1 }), later: fc.nat({ max: 2 }) }), {
  minLength: 1,
  maxLength: 3,
});

/** Rounds of a walk. */
export const walks = fc.array(
  fc.record({
    seconds: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 40 }) }),
    renews: fc.tuple(oneIn(4), oneIn(4)).map((missed) => missed.map((one) => !one)),
    slots: fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })),
    racers: fc.oneof(
      racers,
      racers.map((some) => some.slice(0, 1)),
    ),
  }),
  { minLength: 8, maxLength: 35 },
);
type Given = typeof walks extends fc.Arbitrary<(infer R)[]> ? R : never;

/** They take whatever they find: of two at once on one node nobody could say which took what. */
const GREEDY: readonly string[] = ['claim', 'prune', 'rescue'];

/** The race that somebody wants, of what there is. */
export function raceOf(walk: Walk, given: Given): Race {
  const seen = new Set<string>();
  const wanted = given.racers.flatMap(({ wish, node, later }) => {
    const asked = askedOf(walk, wish, node);
    const greed = `${wish.kind} ${node}`;
    if (asked === null || seen.has(greed)) return [];
    if (GREEDY.includes(wish.kind)) seen.add(greed);
    return [{ asked, node, later }];
  });
  return { slots: given.slots, racers: wanted };
}

function askedOf(walk: Walk, wish: Wish, node: number): Asked | null {
  switch (wish.kind) {
    case 'fire':
      return fireOf(wish.key, wish.plans);
    case 'rescue':
      return { kind: 'rescue', node: walk.nodeId(node) };
    case 'claim':
    case 'prune':
      return wish;
    case 'replay':
      return replayOf(walk, wish.pick);
    case 'finish':
    case 'putBack':
      return ofClaim(walk, wish);
    default: {
      const id = picked(wish.isOld ? [...walk.known] : [...walk.model.executions.keys()].slice(-3), wish.pick);
      return id === undefined ? null : { kind: wish.kind, id };
    }
  }
}

function ofClaim(walk: Walk, wish: Extract<Wish, { kind: 'finish' | 'putBack' }>): Asked | null {
  const held = picked(wish.isLate ? walk.claims : walk.running(), wish.pick);
  if (held === undefined) return null;
  const { id, task, token } = held;
  if (wish.kind === 'putBack') return { kind: 'putBack', id, task, token, why: wish.why, delayMs: wish.delayMs };
  const isCancelling = walk.model.executions.get(id)?.state === 'cancelling';
  return {
    kind: 'finish',
    id,
    task,
    token,
    ending: isCancelling && wish.ending === 'skipped' ? 'cancelled' : wish.ending,
  };
}

/** Another execution of a firing whose execution has ended. */
function replayOf({ model }: Walk, at: number): Asked | null {
  const ended = [...model.executions.values()].filter(({ state }) => hasEnded(state));
  const again = picked(ended, at);
  return again === undefined ? null : fireOf(model.firings.get(again.firing)?.key ?? null, [again]);
}

function fireOf(key: string | null, plans: readonly Pick<Plan, 'graph' | 'when'>[]): Asked {
  const starts = plans.map(({ graph, when }) => ({ id: newId<ExecutionId>(), graph, when }));
  return { kind: 'fire', firing: newId<FiringId>(), key, starts };
}

function picked<T>(all: readonly T[], at: number): T | undefined {
  return all[at % all.length];
}
