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

/** One step: it adds to the passage and lets it go on (`undefined`), or ends it. */
export type Step = (passage: Passage, intake: IntakeService) => Promise<Verdict | undefined>;

/** Keeps a message, or one item of it, as a dead letter. @throws TRG_STORE_UNAVAILABLE */
export async function keepLetter(
  intake: IntakeService,
  passage: Passage,
  { reason, key, item }: { readonly reason: string; readonly key: string | null; readonly item?: number },
): Promise<void> {
  await intake.reject({
    trigger: passage.trigger,
    reason,
    dedupKey: key ?? undefined,
    payload: passage.text,
    origin: passage.provenance(item),
    deadlineMs: Infinity,
  });
}

/** The message itself is at fault. */
export function failed(reason: string): Verdict {
  return { is: 'failed', reason };
}
