import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Effect, Polled } from '../worker/effects.js';

export type BodyEffect = Extract<Effect, { kind: 'began' | 'returned' | 'threw' }>;
export type ToldEffect = Extract<Effect, { kind: 'told' }>;

/** The record that bodies and callbacks left outside the ledger. */
export interface Effects {
  readonly bodies: readonly BodyEffect[];
  readonly told: readonly ToldEffect[];
}

/** Reads the record of a round. */
export function readEffects(folder: string): Effects {
  const effects = readLines<Effect>(folder, 'effects.jsonl');
  return {
    bodies: effects.filter((effect): effect is BodyEffect => effect.kind !== 'told'),
    told: effects.filter((effect): effect is ToldEffect => effect.kind === 'told'),
  };
}

/** Who polled what from an instant on. */
export function readPolls(folder: string, from: number): Polled[] {
  return readLines<Polled>(folder, 'polls.jsonl').filter(({ at }) => at >= from);
}

function readLines<Line>(folder: string, name: string): Line[] {
  const file = join(folder, name);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  // The last one may be on its way.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Line);
}
