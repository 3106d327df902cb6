import { tally } from 'play';
import type { Effect } from './customer.js';
import type { Execution } from './ledger.client.js';

/** What is known when everything stands still. */
export interface Outcome {
  /** Every order that was brought. */
  readonly names: readonly string[];
  /** The file of effects. */
  readonly effects: readonly Effect[];
  readonly executions: readonly Execution[];
  /** The only node that serves pool `gpu`. */
  readonly gpuNode: string;
}

/** Everything that keeps us from saying "each exactly once"; empty when it is so. */
export function problemsOf({ names, effects, executions, gpuNode }: Outcome): string[] {
  const reports = tally(effects.map(({ name }) => name));
  const started = tally(executions.map(({ context }) => context.name));
  const known = new Set(names);
  return [
    ...names.flatMap((name) => differing(name, 'was delivered', reports.get(name) ?? 0)),
    ...names.flatMap((name) => differing(name, 'was started', started.get(name) ?? 0)),
    ...[...reports.keys(), ...started.keys()]
      .filter((name) => !known.has(name))
      .map((name) => `${name} was never brought`),
    ...executions
      .filter(({ state }) => state !== 'completed')
      .map(({ context, state }) => `${context.name} is ${state}`),
    ...effects
      .filter(({ ranBy }) => ranBy['embed'] !== gpuNode)
      .map(({ name }) => `${name} was embedded without a GPU`),
  ];
}

/** How many tasks each node ran, of those whose results count. The delivery is counted for who made it first. */
export function tasksByNode(effects: readonly Effect[]): Map<string, number> {
  return tally(effects.flatMap(({ by, ranBy }) => [...Object.values(ranBy), by]));
}

/** How many of the reports were made by more than one node. */
export function madeTogether(effects: readonly Effect[]): number {
  return effects.filter(({ by, ranBy }) => new Set([...Object.values(ranBy), by]).size > 1).length;
}

function differing(name: string, what: string, times: number): string[] {
  return times === 1 ? [] : [`${name} ${what} ${times === 0 ? 'never' : `${times} times`}`];
}
