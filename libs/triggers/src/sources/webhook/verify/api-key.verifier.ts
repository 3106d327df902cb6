import { createHash, timingSafeEqual } from 'node:crypto';
import { TriggersError } from '../../../model/errors.js';
import { isHeaderName } from './hmac.options.js';
import type { SecretOption } from './secret.js';
import { missing, openWithSecrets } from './signed.verifier.js';
import type { VerifierSetup, WebhookDelivery, WebhookVerifier } from './verifier.js';

/** Options of {@link apiKey}: the key comes in a header of its own, or as `Authorization: Bearer <key>`. */
export type ApiKeyOptions = {
  /** The keys that are let in; several for several senders, or while one is replaced. */
  readonly keys: SecretOption;
} & ({ readonly header: string } | { readonly scheme: 'bearer' });

/**
 * Senders that show a key and sign nothing. The key proves who sends, not what: use it over TLS alone, and prefer a preset
 * that signs. No ledger, log or replay holds the header.
 *
 * The hash of the body is the dedup key, for 5 minutes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @example apiKey({ header: 'x-api-key', keys: (ref) => ref.get(ConfigService).get('INBOX_KEYS').split(',') })
 * @example apiKey({ scheme: 'bearer', keys })
 */
export function apiKey(options: ApiKeyOptions): WebhookVerifier {
  const { header, scheme } = options as { readonly header?: string; readonly scheme?: 'bearer' };
  const name = String(header ?? 'authorization').toLowerCase();
  return {
    preset: 'apiKey',
    covers: 'request',
    resendsSameBytes: false,
    contentTypes: [],
    secretHeaders: [name],
    async open(setup) {
      if ((scheme === undefined) === (header === undefined) || (scheme ?? 'bearer') !== 'bearer' || !isHeaderName(name))
        throw optionProblem(setup);
      return openWithSecrets(setup, { name: 'keys', value: options.keys, toKey }, (delivery, keys) => {
        if (delivery.headers[name] === undefined) return missing(name);
        const given = scheme === undefined ? delivery.headers[name] : bearerOf(delivery);
        if (given === null) return 'the header authorization holds no bearer token';
        return isOneOf(keys, given) ? null : 'the key is none of those that are let in';
      });
    },
  };
}

function bearerOf({ headers }: WebhookDelivery): string | null {
  return /^bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? null;
}

/** Hashes have one length: neither content nor length of a key shows in the time that comparing takes. */
function isOneOf(keys: readonly Buffer[], given: string): boolean {
  const hash = hashOf(given);
  let found = false;
  for (const key of keys) found = timingSafeEqual(key, hash) || found;
  return found;
}

function toKey(key: string): { readonly key: Buffer } | string {
  if (!/^[\x21-\x7e]+$/.test(key)) return 'a key has characters that a header cannot carry (blanks, other than ASCII).';
  return { key: hashOf(key) };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function optionProblem({ where, option }: VerifierSetup): TriggersError {
  return new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `${where}, option "${option}": apiKey() takes either { header: "x-api-key", keys } or { scheme: "bearer", keys }.`,
  );
}
