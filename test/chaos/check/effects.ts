import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Effect } from '../worker/effects.js';

export type BodyEffect = Extract<Effect, { kind: 'began' | 'returned' | 'threw' }>;
export type ToldEffect = Extract<Effect, { kind: 'told' }>;

/** The record that bodies and callbacks left outside the ledger. */
export interface Effects {
  readonly bodies: readonly BodyEffect[];
  readonly told: readonly ToldEffect[];
}

/** Reads the record of a round. */
export function readEffects(folder: string): Effects {
  const file = join(folder, 'effects.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const effects = lines.map((line) => JSON.parse(line) as Effect);
  return {
    bodies: effects.filter((effect): effect is BodyEffect => effect.kind !== 'told'),
    told: effects.filter((effect): effect is ToldEffect => effect.kind === 'told'),
  };
}
