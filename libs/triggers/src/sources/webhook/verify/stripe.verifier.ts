import type { SecretOption } from './secret.js';
import { hmacText, isSignedByAny } from './signature.js';
import { timeProblem } from './signed-time.js';
import type { ToleranceOption } from './signed-time.js';
import { idAsKey, memberOf, missing, NOT_SIGNED, openWithTime, textSecret } from './signed.verifier.js';
import type { WebhookDelivery, WebhookVerifier } from './verifier.js';

/** Options of {@link stripe}. */
export interface StripeOptions extends ToleranceOption {
  /** The endpoint's secret, `whsec_…`; several while it is rolled. */
  readonly secret: SecretOption;
}

const HEADER = 'stripe-signature';

/**
 * Webhooks of Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>`, HMAC-SHA256 over `t.body` with the whole text of the secret.
 * While a secret is rolled there are several `v1`; any that an active secret made will do, other schemes (`v0`) never do.
 *
 * The event's `id` is the dedup key, for 7 days: Stripe sends an event again for three days, each time with a new `t`.
 *
 * @see https://docs.stripe.com/webhooks#verify-manually
 * @example verify: stripe({ secret: (ref, { account }) => ref.get(Accounts).secretOf(account) }), path: 'stripe/:account'
 */
export function stripe({ secret, ...options }: StripeOptions): WebhookVerifier {
  return {
    preset: 'stripe',
    covers: 'body',
    resendsSameBytes: false,
    contentTypes: [],
    secretHeaders: [],
    open: (setup) => openWithTime(setup, options, textSecret(secret), problemOf),
    keyOf: (_delivery, payload) => idAsKey(memberOf(payload, 'id')),
  };
}

function problemOf(
  { headers, body, receivedAt }: WebhookDelivery,
  keys: readonly string[],
  toleranceMs: number,
): string | null {
  const header = headers[HEADER];
  if (header === undefined) return missing(HEADER);
  const { t: times, v1: signatures } = elementsOf(header);
  if (times.length > 1) return 'the signed time is given more than once';
  const late = timeProblem(times[0], { receivedAt, toleranceMs });
  if (late !== null) return late;
  if (signatures.length === 0) return 'there is no signature of scheme v1';
  const sign = (key: string): string => hmacText('sha256', key, [`${times[0]}.`, body], 'hex');
  return isSignedByAny(keys, sign, signatures) ? null : NOT_SIGNED;
}

/** `t=1,v1=a,v1=b` by its names. */
function elementsOf(header: string): { readonly t: readonly string[]; readonly v1: readonly string[] } {
  const pairs = header.split(',').map((element) => element.trim().split(/=(.*)/s, 2));
  const valuesOf = (name: string): string[] => pairs.flatMap(([key, value]) => (key === name ? [value ?? ''] : []));
  return { t: valuesOf('t'), v1: valuesOf('v1') };
}
