import type { CommitKind, CommitScope } from './commit-kind.js';
import type { Entry } from './commit-queue.js';
import type { Work } from './dialects/batch.js';

/** The items of one kind in a group. */
export interface Part {
  readonly kind: CommitKind<unknown, unknown>;
  readonly entries: readonly Entry[];
}

/** A group by kinds, in the order in which they are committed. */
export function byKind(group: readonly Entry[]): readonly Part[] {
  const parts = new Map<CommitKind<unknown, unknown>, Entry[]>();
  for (const entry of group) {
    const entries = parts.get(entry.kind);
    if (entries === undefined) parts.set(entry.kind, [entry]);
    else entries.push(entry);
  }
  return [...parts].map(([kind, entries]) => ({ kind, entries })).sort((a, b) => a.kind.order - b.kind.order);
}

/** Tells the outcomes, in the same order. */
export function tell(parts: readonly Part[], outcomes: readonly (readonly unknown[])[]): void {
  parts.forEach((part, index) => part.entries.forEach((entry, at) => entry.settle(outcomes[index]?.[at])));
}

/** The whole group as one unit of work. */
export function* runParts(parts: readonly Part[], scope: CommitScope): Work<readonly (readonly unknown[])[]> {
  const outcomes: (readonly unknown[])[] = [];
  for (const part of parts) {
    outcomes.push(
      yield* part.kind.run(
        part.entries.map((entry) => entry.item),
        scope,
      ),
    );
  }
  return outcomes;
}
