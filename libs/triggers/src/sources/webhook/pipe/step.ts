import type { IntakeService } from '../../../intake/intake.service.js';
import type { WebhookAnswer } from '../verify/verifier.js';
import type { WebhookReceipt } from '../webhook-event.js';
import type { Passage } from './passage.js';
import type { Refusals } from './refusals.service.js';

/** What steps work with. */
export interface WebhookTools {
  readonly intake: IntakeService;
  readonly refusals: Refusals;
}

/** What ends a passage: an answer as it is, a receipt that becomes one, or the error that is answered. */
export type Reply = WebhookAnswer | WebhookReceipt | Error;

/** What is left to be done before the answer: something is written. It waits for the database, and not in the time of the author's code. */
export type Ending = () => Promise<Reply>;

/** What ends a passage: the answer, or what leads to it. */
export type End = Reply | Ending;

/**
 * One step: it adds to the passage and lets it go on (`undefined`), or ends it. It may ask the author's code, and never waits for the
 * database. Refusals are not thrown.
 */
export type Step = (passage: Passage, tools: WebhookTools) => End | undefined | Promise<End | undefined>;
