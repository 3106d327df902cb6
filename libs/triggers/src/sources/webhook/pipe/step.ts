import type { IntakeService } from '../../../intake/intake.service.js';
import type { EventBus } from '../../../model/events.js';
import type { MethodCalls } from '../../payload/method-calls.js';
import type { WebhookAnswer } from '../verify/verifier.js';
import type { WebhookReceipt } from '../webhook-event.js';
import type { Passage } from './passage.js';
import type { Refusals } from './refusals.service.js';

/** What steps work with. */
export interface WebhookTools {
  readonly intake: IntakeService;
  readonly refusals: Refusals;
  readonly events: EventBus;
  readonly calls: MethodCalls;
}

/** What ends a passage: an answer as it is, a receipt that becomes one, or the error that is answered. */
export type Reply = WebhookAnswer | WebhookReceipt | Error;

/** One step: it adds to the passage and lets it go on (`undefined`), or ends it with an answer. Refusals are not thrown. */
export type Step = (passage: Passage, tools: WebhookTools) => Reply | undefined | Promise<Reply | undefined>;
