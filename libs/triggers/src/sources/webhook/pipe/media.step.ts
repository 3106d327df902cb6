import { FORM, isJsonType, mediaTypeOf } from '../verify/body-form.js';
import type { WebhookDelivery } from '../verify/verifier.js';
import { refusal } from './answers.js';
import type { Passage } from './passage.js';
import type { Step } from './step.js';

/** Encoding and media type, before anything costs: 415. */
export const checkMedia: Step = (passage) => {
  const problem = problemOf(passage);
  return problem === null ? undefined : refusal('TRG_WEBHOOK_MEDIA_TYPE', problem);
};

function problemOf({ trigger, delivery }: Passage): string | null {
  const { 'content-encoding': encoding = 'identity' } = delivery.headers;
  if (!/^identity$/i.test(encoding))
    return `The body is encoded as ${JSON.stringify(encoding)}. Send it without encoding.`;
  return (
    typeProblem(delivery, [...trigger.verifier.contentTypes, ...trigger.contentTypes]) ??
    trigger.verifier.refusedType?.(delivery) ??
    null
  );
}

/** An empty body needs no type. */
function typeProblem(delivery: WebhookDelivery, taken: readonly string[]): string | null {
  const type = mediaTypeOf(delivery);
  if (type === '' && delivery.body.length === 0) return null;
  if (isJsonType(type) || type === FORM) {
    const problem = charsetProblem(delivery);
    if (problem !== null || isJsonType(type)) return problem;
  }
  if (taken.includes(type) || taken.includes('*')) return null;
  const shown = type === '' ? 'has no content type' : `is declared as ${JSON.stringify(type)}`;
  return `The body ${shown}; taken ${taken.length === 0 ? 'is' : 'are'} ${['application/json', ...taken].join(', ')}.`;
}

function charsetProblem({ headers }: WebhookDelivery): string | null {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (/^(utf-?8|us-ascii)$/i.test(charset)) return null;
  return `The body is declared as ${JSON.stringify(charset)}. Send it in UTF-8.`;
}
