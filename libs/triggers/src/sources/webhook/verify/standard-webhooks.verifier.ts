import type { SecretOption } from './secret.js';
import type { SignedParts } from './signature.js';
import { hmacText, isSignedByAny } from './signature.js';
import { timeProblem } from './signed-time.js';
import type { ToleranceOption } from './signed-time.js';
import { idAsKey, missing, NOT_SIGNED, openWithTime } from './signed.verifier.js';
import type { StandardKey } from './standard-webhooks.key.js';
import { isSignedByOwner, standardKey } from './standard-webhooks.key.js';
import type { WebhookDelivery, WebhookVerifier } from './verifier.js';

/** Options of {@link standardWebhooks}. */
export interface StandardWebhooksOptions extends ToleranceOption {
  /** `whsec_<base64>` (a shared secret) or `whpk_<base64>` (the sender's public ed25519 key); several while one is replaced. */
  readonly secret: SecretOption;
  /** What the three headers start with; senders that use Svix may still write `svix`. @default 'webhook' */
  readonly headers?: 'webhook' | 'svix';
}

/** A sender signs with a handful of keys at most; each `v1a` costs a slow check before anything is believed. */
const MAX_SIGNATURES = 10;

/**
 * Standard Webhooks: `webhook-signature: v1,<base64> v1a,<base64> …` over `<webhook-id>.<webhook-timestamp>.body`; `v1` is
 * HMAC-SHA256 with the decoded secret, `v1a` ed25519. Checked on bytes: a body that is no UTF-8 verifies too. Other schemes
 * are passed over.
 *
 * `webhook-id` is signed and stays the same when an event is sent again: it is the dedup key, for 7 days. An id with a full
 * stop in it is refused: what is id, time and body could be read in two ways then.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @example verify: standardWebhooks({ secret: (ref) => ref.get(ConfigService).get('WEBHOOK_SECRET') })
 */
export function standardWebhooks({
  secret,
  headers = 'webhook',
  ...options
}: StandardWebhooksOptions): WebhookVerifier {
  const names: HeaderNames = { id: `${headers}-id`, time: `${headers}-timestamp`, signature: `${headers}-signature` };
  return {
    preset: 'standardWebhooks',
    covers: 'body',
    resendsSameBytes: false,
    contentTypes: [],
    secretHeaders: [],
    open: (setup) =>
      openWithTime(
        setup,
        options,
        { name: 'secret', value: secret, toKey: standardKey },
        (delivery, keys, toleranceMs) => problemOf(delivery, names, keys, toleranceMs),
      ),
    keyOf: (delivery) => idAsKey(delivery.headers[names.id]),
  };
}

interface HeaderNames {
  readonly id: string;
  readonly time: string;
  readonly signature: string;
}

function problemOf(
  { headers, body, receivedAt }: WebhookDelivery,
  names: HeaderNames,
  keys: readonly StandardKey[],
  toleranceMs: number,
): string | null {
  const [id, time, given] = [headers[names.id], headers[names.time], headers[names.signature]];
  if (id === undefined || id === '') return missing(names.id);
  if (id.includes('.')) return `the header ${names.id} has a full stop in it`;
  if (given === undefined) return missing(names.signature);
  const late = timeProblem(time, { receivedAt, toleranceMs });
  if (late !== null) return late;
  const signatures = given.split(' ');
  if (signatures.length > MAX_SIGNATURES) return `there are more than ${MAX_SIGNATURES} signatures`;
  return isSigned(keys, [`${id}.${time}.`, body], signatures) ? null : NOT_SIGNED;
}

function isSigned(keys: readonly StandardKey[], parts: SignedParts, signatures: readonly string[]): boolean {
  const secrets = keys.flatMap((key) => (key.scheme === 'v1' ? [key.secret] : []));
  const owners = keys.flatMap((key) => (key.scheme === 'v1a' ? [key.publicKey] : []));
  const byOwners = signatures.flatMap((signature) => (signature.startsWith('v1a,') ? [signature.slice(4)] : []));
  return (
    isSignedByAny(secrets, (secret) => `v1,${hmacText('sha256', secret, parts, 'base64')}`, signatures) ||
    owners.some((owner) => byOwners.some((signature) => isSignedByOwner(owner, parts, signature)))
  );
}
