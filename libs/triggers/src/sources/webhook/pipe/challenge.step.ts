import { Logger } from '@nestjs/common';
import { errorMessage } from '../../../model/text.js';
import type { WebhookAnswer } from '../verify/verifier.js';
import { refusal, replyAnswer } from './answers.js';
import type { Passage } from './passage.js';
import type { Reply, Step } from './step.js';

const NOTHING = { status: 200, headers: {}, body: '' } as const;

/** A vendor asks whether we want events at all: the trigger answers, or its preset. Anything else but POST is refused. */
export const answerChallenge: Step = (passage) =>
  passage.trigger.challenge === null ? presetsAnswer(passage) : firstAuthorsAnswer(passage);

async function firstAuthorsAnswer(passage: Passage): Promise<Reply | undefined> {
  return (await authorsAnswer(passage)) ?? presetsAnswer(passage);
}

function presetsAnswer({ trigger, delivery }: Passage): Reply | undefined {
  if (delivery.method === 'POST') return undefined;
  const handshake = trigger.verifier.handshake?.(delivery) ?? null;
  if (handshake !== null) return handshake;
  return refusal('TRG_WEBHOOK_METHOD', `A webhook is sent by POST, this is a ${delivery.method}.`, { allow: 'POST' });
}

async function authorsAnswer({ trigger, delivery }: Passage): Promise<WebhookAnswer | null> {
  try {
    const reply = (await trigger.challenge?.(delivery)) ?? null;
    return reply === null ? null : replyAnswer(reply, NOTHING);
  } catch (error) {
    new Logger('Triggers').error(`Trigger "${trigger.name}", option "challenge" failed: ${errorMessage(error)}`);
    return null;
  }
}
