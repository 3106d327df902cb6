/** Where values lie on an axis, and which of them are named. */
export interface Scale {
  readonly ticks: readonly number[];
  /** From 0 (the foot of the axis) to 1. */
  place(value: number): number;
}

const STEPS = [1, 2, 2.5, 5, 10];
const MOST_TICKS = 5;

/** From 0 to a round number at or above `max`. */
export function linear(max: number): Scale {
  const step = stepFor(Math.max(max, 1e-9) / MOST_TICKS);
  const count = Math.max(1, Math.ceil(max / step));
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
  const top = count * step;
  return { ticks, place: (value) => value / top };
}

/** Powers of ten around what is shown; smaller values lie at the foot. */
export function logarithmic(min: number, max: number): Scale {
  const from = Math.floor(Math.log10(Math.max(min, 0.1)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(max, 0.1))));
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
  return { ticks, place: (value) => Math.max(0, (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from)) };
}

function stepFor(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * STEPS.find((step) => power * step >= least)!;
}
