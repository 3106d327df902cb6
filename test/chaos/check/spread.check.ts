import type { BodyEffect, Effects } from './effects.js';

/** Work is done by more than one node: there are two that ran bodies in the same stretch of time. */
export function checkSpread({ bodies }: Effects): string[] {
  const times = new Map<string, Stretch>();
  for (const { by, at } of bodies.filter(returned)) {
    const { from } = times.get(by) ?? { from: at };
    times.set(by, { from, to: at });
  }
  const stretches = [...times.values()];
  const overlap = stretches.some((one, index) => stretches.slice(index + 1).some((other) => meet(one, other)));
  return overlap ? [] : [`no two nodes worked at the same time: ${[...times.keys()].join(', ') || 'nobody worked'}`];
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

function returned({ kind }: BodyEffect): boolean {
  return kind === 'returned';
}

function meet(one: Stretch, other: Stretch): boolean {
  return one.from <= other.to && other.from <= one.to;
}
