import { FORM, isJsonType, mediaTypeOf } from '../verify/body-form.js';
import type { WebhookDelivery } from '../verify/verifier.js';
import { refusal } from './answers.js';
import type { Passage } from './passage.js';
import type { Step } from './step.js';

/** What may stand before JSON: blanks, and the three bytes of a byte order mark. */
const BLANKS: readonly number[] = [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf];

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
  if (taken.includes(type) || taken.includes('*')) return formProblem(type, delivery);
  const shown = type === '' ? 'has no content type' : `is declared as ${JSON.stringify(type)}`;
  return `The body ${shown}; taken ${taken.length === 0 ? 'is' : 'are'} ${['application/json', ...taken].join(', ')}.`;
}

/**
 * No form begins as JSON does, it encodes these characters. What signs a body does not sign its type: a captured event would be
 * another one as a form, without the id that stands in its JSON.
 */
function formProblem(type: string, { body }: WebhookDelivery): string | null {
  const first = type === FORM ? body.find((byte) => !BLANKS.includes(byte)) : undefined;
  return first === 0x7b || first === 0x5b ? 'The body is declared as a form, and is JSON.' : null;
}

function charsetProblem({ headers }: WebhookDelivery): string | null {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (/^(utf-?8|us-ascii)$/i.test(charset)) return null;
  return `The body is declared as ${JSON.stringify(charset)}. Send it in UTF-8.`;
}
