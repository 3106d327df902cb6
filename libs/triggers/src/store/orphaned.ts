import { livingNode } from './node.repository.js';

/** What this process has to do after an end and does not is something that it was never told of. */
const OWN_GRACE_MS = 5_000;
/** As {@link OWN_GRACE_MS}, for a living process that has forgotten its own for so long. */
const OTHERS_GRACE_MS = 60_000;

/** The columns of `g` that {@link isOrphaned} reads. */
export const ASKING = { _me: 'text', _mine: 'instant', _others: 'instant' } as const;

/** A row of {@link ASKING}. @param me the node that asks */
export function asking(me: string | undefined): readonly unknown[] {
  return [me, -OWN_GRACE_MS, -OTHERS_GRACE_MS];
}

/** A statement's test for "nobody alive is about to do it": its node is dead, or has not done it for too long after `finished_at`. */
export function isOrphaned(owner: string, now: string): string {
  return `(${owner} IS NULL OR NOT ${livingNode(owner, now)}
    OR finished_at < (SELECT CASE WHEN ${owner} = _me THEN _mine ELSE _others END FROM g))`;
}
