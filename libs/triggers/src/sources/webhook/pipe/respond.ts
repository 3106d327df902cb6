import { Logger } from '@nestjs/common';
import { errorMessage } from '../../../model/text.js';
import type { WebhookAnswer } from '../verify/verifier.js';
import type { WebhookReceipt } from '../webhook-event.js';
import { replyAnswer } from './answers.js';
import type { Passage } from './passage.js';

/**
 * A receipt as it is answered: 202 where something waits, 200 otherwise, or what the author answers in its place. That is
 * never another status than 2xx; refusals do not come here.
 */
export function answerOf(receipt: WebhookReceipt, { trigger, delivery }: Passage): WebhookAnswer {
  const { status } = receipt;
  const ours = replyAnswer({ body: { ...receipt } }, { status: status === 'kept' ? 202 : 200, headers: {}, body: '' });
  if (trigger.respond == null) return ours;
  try {
    const answer = replyAnswer(trigger.respond(receipt, delivery), ours);
    if (answer.status < 300) return answer;
    throw new RangeError(`the status ${answer.status} is no 2xx`);
  } catch (error) {
    const problem = errorMessage(error);
    new Logger('Triggers').error(`Trigger "${trigger.name}", option "respond" failed, our answer was sent: ${problem}`);
    return ours;
  }
}
