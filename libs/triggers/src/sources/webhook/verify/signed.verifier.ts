import { MAX_DEDUP_KEY } from '../../../intake/dedup-key.js';
import { quoteAll } from '../../../model/text.js';
import { SecretBook } from './secret-book.js';
import { SecretSlot } from './secret.js';
import type { SecretOption } from './secret.js';
import { toleranceOf } from './signed-time.js';
import type { ToleranceOption } from './signed-time.js';
import type { OpenVerifier, Verification, VerifierSetup, WebhookDelivery } from './verifier.js';

/** A check against secrets: `null`, or why not. Says neither a secret nor what the signature should have been. */
export type SecretCheck<K> = (delivery: WebhookDelivery, keys: readonly K[]) => string | null;

/** An option that holds secrets, and how they are read. */
export interface SecretSource<K> {
  readonly name: string;
  readonly value: SecretOption;
  /** @see SecretSlot.toKey */
  readonly toKey: (secret: string) => { readonly key: K } | string;
}

/** The secret of a vendor that uses its text as the key. */
export function textSecret(value: SecretOption): SecretSource<string> {
  return { name: 'secret', value, toKey: (key) => ({ key }) };
}

/** Opens a preset that checks deliveries against secrets, and the time that they sign. @throws TRG_DEF_INVALID_OPTION as {@link SecretBook.open} */
export async function openWithSecrets<K>(
  setup: VerifierSetup,
  { name, value, toKey }: SecretSource<K>,
  check: SecretCheck<K>,
  toleranceMs = 0,
): Promise<OpenVerifier> {
  const book = await SecretBook.open(new SecretSlot(setup, name, toKey), value, setup);
  return {
    believedMs: 2 * toleranceMs,
    provesParams: book.isPerSender,
    async verify(delivery): Promise<Verification> {
      const found = await book.of(delivery.params);
      if (found === 'unknown') return { ok: false, reason: `unknown sender: nobody has ${named(delivery)}` };
      if (found === 'unavailable') return { ok: false, reason: 'the secrets could not be read', unavailable: true };
      const reason = check(delivery, found.keys);
      if (reason === null) return { ok: true };
      // A secret may have been added since they were read: those that are read now judge, too.
      const now = await book.renewed(delivery.params);
      const isRenewed = typeof now === 'object' && now.keys !== found.keys;
      return isRenewed && check(delivery, now.keys) === null ? { ok: true } : { ok: false, reason };
    },
  };
}

/**
 * Opens a preset that signs the time as well: the check is told how many milliseconds that may be off.
 *
 * @throws TRG_DEF_INVALID_DURATION, and TRG_DEF_INVALID_OPTION as {@link SecretBook.open}
 */
export async function openWithTime<K>(
  setup: VerifierSetup,
  options: ToleranceOption,
  source: SecretSource<K>,
  check: (delivery: WebhookDelivery, keys: readonly K[], toleranceMs: number) => string | null,
): Promise<OpenVerifier> {
  const toleranceMs = toleranceOf(options, setup);
  return openWithSecrets(setup, source, (delivery, keys) => check(delivery, keys, toleranceMs), toleranceMs);
}

/** What is said of a header that should be there. */
export function missing(header: string): string {
  return `the header ${header} is missing`;
}

/** What is said when no active secret made any of the signatures. */
export const NOT_SIGNED = 'no active secret has made this signature';

/** A sender's id as a dedup key; what is no text, empty or too long is none. */
export function idAsKey(id: unknown): string | null {
  return typeof id === 'string' && id !== '' && id.length <= MAX_DEDUP_KEY ? id : null;
}

/** A member of a payload, if that is an object. */
export function memberOf(payload: unknown, name: string): unknown {
  if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, name)) return undefined;
  return (payload as Readonly<Record<string, unknown>>)[name];
}

/** Names alone: a parameter's value may be meant as a secret. */
function named({ params }: WebhookDelivery): string {
  return `this path parameter: ${quoteAll(Object.keys(params))}`;
}
