import { HttpException } from '@nestjs/common';
import { errorMessage } from '../../../model/text.js';
import type { TriggerResult } from '../../../model/trigger-result.js';
import { mappedPayload } from '../../payload/mapped-payload.js';
import type { WebhookEvent } from '../webhook-event.js';
import { unavailable } from './answers.js';
import { answerOfRepeat, failedOn, keepLetter, keptAndUnavailable } from './letters.js';
import type { Passage } from './passage.js';
import type { Reply, Step } from './step.js';

/** Calls the method of the trigger, with what stands on it and its class: an event becomes what is fired. */
export const mapEvent: Step = async (passage, tools) => {
  try {
    passage.result = await callMethod(passage);
    return undefined;
  } catch (error) {
    return () => refused(error, passage, tools);
  }
};

/**
 * What the method of the trigger makes of a delivery.
 *
 * @throws whatever the method and what stands on it throw; TypeError for what is neither a context nor a result
 */
export async function callMethod(passage: Passage): Promise<TriggerResult> {
  const { trigger, payload } = passage;
  return mappedPayload(await trigger.invoker.invoke([eventOf(passage)]), payload, trigger.label);
}

/**
 * Guards and pipes refuse with Nest's exceptions, and so may the method: 4xx is told to the sender and leaves a dead letter,
 * 503 leaves none and is sent again. Anything else is an error of ours, and the delivery is kept.
 */
async function refused(error: unknown, passage: Passage, tools: Parameters<Step>[1]): Promise<Reply> {
  const failure = { passage, tools, error, what: 'method' } as const;
  if (!(error instanceof HttpException)) return failedOn(failure);
  const status = error.getStatus();
  if (status === 503) return unavailable('The method of the trigger cannot answer just now.');
  if (status >= 500) return keptAndUnavailable(failure);
  const kept = await keepLetter({ passage, tools, reason: `the method refused it: ${errorMessage(error)}` });
  return kept instanceof Error ? kept : (answerOfRepeat(kept) ?? error);
}

function eventOf({ trigger, delivery, payload, key }: Passage): WebhookEvent {
  const { headers, params, query, receivedAt, body: rawBody } = delivery;
  return {
    trigger: trigger.name,
    payload: payload ?? null,
    headers,
    params,
    query,
    key: key?.key ?? '',
    receivedAt,
    rawBody,
  };
}
