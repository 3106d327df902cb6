import type { RejectRequest } from '../../intake/fire.types.js';
import type { IntakeService } from '../../intake/intake.service.js';
import type { Passage } from './passage.js';

/**
 * How one delivery ended. `taken`: everything that follows from it is durable. `failed`: the message itself is at fault.
 * `later`: it is not, and has to come again.
 */
export type Verdict =
  | { readonly is: 'taken' }
  | { readonly is: 'failed'; readonly reason: string }
  | { readonly is: 'later'; readonly reason: string };

/** What is left to be done where nothing stands against a message: it is written, and waits for the database as long as it takes. */
export type Ending = () => Promise<Verdict>;

/** One step: it adds to the passage and lets it go on (`undefined`), or ends it. It may ask the author's code, and never the database. */
export type Step = (passage: Passage, intake: IntakeService) => Promise<Verdict | Ending | undefined>;

/** Why a message, or one item of it, is a dead letter. */
interface Letter {
  readonly reason: string;
  readonly key: string | null;
  readonly item?: number;
}

/** A message, or one item of it, as a dead letter. Without dedup each is one of its own. */
export function letterOf(passage: Passage, { reason, key, item }: Letter): RejectRequest {
  const { trigger, kept } = passage;
  return {
    trigger,
    reason: kept === null ? `${reason} (its body is too large to be kept)` : reason,
    dedupKey: key ?? undefined,
    sameForMs: trigger.dedup.scope === 'off' ? 0 : undefined,
    payload: kept ?? undefined,
    origin: passage.provenance(item),
    deadlineMs: Infinity,
  };
}

/** The message itself is at fault. */
export function failed(reason: string): Verdict {
  return { is: 'failed', reason };
}
