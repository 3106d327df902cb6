import { createHash } from 'node:crypto';
import type { Json } from '../../../model/json.js';
import type { DeliveryKey, Passage } from './passage.js';
import { isSecretName } from '../../payload/secret-names.js';

/** How long a key is held that the sender or the author gave, or that stands for bytes which the vendor sends again: 7 days. */
export const SENDERS_KEY_MS = 604_800_000;
/** How long the hash of a body is held otherwise, or for as long as its signature is believed: two events may well have equal bodies. 5 minutes. */
export const HASH_KEY_MS = 300_000;

/**
 * The author's key, else the id that the sender signed, else the hash of the bytes; a delivery always has one. Behind a path
 * with parameters the last two count per sender, if each has a secret of its own: two tenants may use one id, and neither can
 * use up the other's. With one secret for all of them the parameters are anybody's, and a captured delivery would be another
 * event below each.
 */
export function deliveryKey(passage: Passage, payload: Json): DeliveryKey {
  const { trigger, delivery, provenKey } = passage;
  const chosen = trigger.dedupKey?.(payload, delivery) ?? null;
  if (chosen !== null) return heldFor(passage, chosen, SENDERS_KEY_MS);
  const signed = provenKey ?? trigger.verifier.keyOf?.(delivery, payload) ?? null;
  return signed === null ? hashKey(passage) : heldFor(passage, ofSender(passage, signed), SENDERS_KEY_MS);
}

/** The key of a delivery whose payload nobody could read, or that has no other. */
export function hashKey(passage: Passage): DeliveryKey {
  const { verifier, check } = passage.trigger;
  const windowMs = verifier.resendsSameBytes ? SENDERS_KEY_MS : Math.max(HASH_KEY_MS, check.believedMs ?? 0);
  const { dedup, ...key } = heldFor(passage, ofSender(passage, `sha256:${passage.sha256}`), windowMs);
  // Two events may well have equal bytes; two of one id are one event, whenever they come.
  const sameForMs = dedup.scope === 'window' ? dedup.windowMs : dedup.scope === 'running' ? windowMs : key.sameForMs;
  return { ...key, dedup, sameForMs };
}

/** A key that the author gave for one item. */
export function itemKey(passage: Passage, key: string): DeliveryKey {
  return heldFor(passage, key, SENDERS_KEY_MS);
}

function heldFor({ trigger }: Passage, key: string, windowMs: number): DeliveryKey {
  const dedup = trigger.dedupGiven ?? { scope: 'window', windowMs };
  return { key, dedup, ...(dedup.scope === 'off' && { sameForMs: 0 }) };
}

function ofSender({ trigger: { verifier, check }, delivery: { params } }: Passage, key: string): string {
  const values = Object.entries(params);
  const isProven = verifier.covers !== 'body' || check.provesParams === true;
  return values.length === 0 || !isProven ? key : `${values.map(shown).join('/')}:${key}`;
}

/** Keys stand in the ledger: of a secret in the path only its hash does. */
function shown([name, value]: readonly [string, string]): string {
  return isSecretName(name) ? createHash('sha256').update(value).digest('hex') : encodeURIComponent(value);
}
