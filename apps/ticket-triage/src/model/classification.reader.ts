import { CATEGORIES, URGENCIES } from '../tickets/ticket.js';
import type { Classification } from '../tickets/ticket.js';

interface Completion {
  readonly choices?: readonly { readonly message?: { readonly content?: string | null } }[];
}

/**
 * What a chat completion says. A model is asked for JSON of a certain form and mostly keeps to it.
 *
 * @throws Error when it did not: the next attempt may
 */
export function readClassification(completion: unknown): Classification {
  const content = (completion as Completion | null)?.choices?.[0]?.message?.content;
  const { category, urgency, summary } = parsed(content);
  const known = {
    category: CATEGORIES.find((one) => one === category),
    urgency: URGENCIES.find((one) => one === urgency),
  };
  if (known.category === undefined || known.urgency === undefined || typeof summary !== 'string') {
    throw new Error(`The model's answer is no classification: ${String(content).slice(0, 200)}`);
  }
  return { category: known.category, urgency: known.urgency, summary };
}

function parsed(text: string | null | undefined): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text ?? '')) as Record<string, unknown>;
  } catch {
    return {};
  }
}
