import { Injectable } from '@nestjs/common';
import { IntakeService } from '../../../intake/intake.service.js';
import { PayloadWork } from '../../../intake/payload-work.js';
import { Clock } from '../../../model/clock.js';
import { formatDuration } from '../../../model/duration.js';
import { EventBus } from '../../../model/events.js';
import type { WebhookAnswer, WebhookDelivery } from '../verify/verifier.js';
import type { WebhookDefinition } from '../webhook-trigger.definition.js';
import { unavailable } from './answers.js';
import { answerChallenge } from './challenge.step.js';
import { judgeFire } from './fire.step.js';
import { findKey } from './key.step.js';
import { mapEvent } from './mapping.step.js';
import { checkMedia } from './media.step.js';
import { Passage } from './passage.js';
import type { End, Step, WebhookTools } from './step.js';
import { readPayload } from './payload.step.js';
import { Refusals } from './refusals.service.js';
import { answerOf } from './respond.js';
import { checkSchema } from './schema.step.js';
import { answerVendor } from './vendor-challenge.step.js';
import { verifySender } from './verify.step.js';

/** Deliveries that wait for the code of one trigger at once: a method that hangs leaves a quarter of the bodies to other triggers. */
const MAX_CALLS = 48;

const TOO_MANY = 'Too many calls of its code have not ended.';

/** In this order, for every delivery. Its size was checked while it was read. */
const STEPS: readonly Step[] = [
  answerChallenge,
  checkMedia,
  verifySender,
  readPayload,
  answerVendor,
  findKey,
  checkSchema,
  mapEvent,
  judgeFire,
];

/**
 * What happens to one delivery, from its bytes to its answer.
 *
 * challenge → encoding, type (415) → signature (401) → JSON (400) → key → schema → method → filter → commit → answer. Nothing
 * of the body is believed before the signature, and nothing is acknowledged before the commit: a 2xx says that the delivery
 * is a row. Where we cannot make it one the answer is 503 and the sender tries again, which the key makes harmless.
 *
 * All that the author's code does with one delivery has the trigger's `timeout`, whichever part of it hangs; beyond it the answer is 503, and the
 * place is another one's. What is written comes after that time, and has a deadline of its own.
 */
@Injectable()
export class WebhookPipe {
  readonly #tools: WebhookTools;
  readonly #work: PayloadWork;

  constructor(intake: IntakeService, refusals: Refusals, events: EventBus, clock: Clock) {
    this.#tools = { intake, refusals };
    this.#work = new PayloadWork(clock, events, MAX_CALLS);
  }

  /** The answer, or the error that is answered. */
  async receive(trigger: WebhookDefinition, delivery: WebhookDelivery): Promise<WebhookAnswer | Error> {
    const passage = new Passage(trigger, delivery);
    const end = await this.#work.run(
      trigger,
      (isOver) => this.#walk(passage, isOver),
      (why) =>
        unavailable(why === 'full' ? TOO_MANY : `Its code did not end within ${formatDuration(trigger.timeoutMs)}.`),
    );
    const reply = typeof end === 'function' ? await end() : end;
    return 'firingId' in reply ? answerOf(reply, passage) : reply;
  }

  async #walk(passage: Passage, isOver: () => boolean): Promise<End> {
    for (const step of STEPS) {
      if (isOver()) break;
      const given = step(passage, this.#tools);
      // A promise that nobody needs costs a turn of the microtasks, nine of them as much as the signature.
      const end = given instanceof Promise ? await given : given;
      if (end !== undefined) return end;
    }
    throw new TypeError('The last step always ends it.');
  }
}
