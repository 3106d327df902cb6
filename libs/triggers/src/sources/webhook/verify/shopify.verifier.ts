import type { SecretOption } from './secret.js';
import { hmacText, isSignedByAny } from './signature.js';
import { missing, NOT_SIGNED, openWithSecrets, textSecret } from './signed.verifier.js';
import type { WebhookVerifier } from './verifier.js';

/** Options of {@link shopify}. */
export interface ShopifyOptions {
  /** The client secret of the app; the old one too for an hour after a rotation. */
  readonly secret: SecretOption;
}

const HEADER = 'x-shopify-hmac-sha256';

/**
 * Webhooks of Shopify: `X-Shopify-Hmac-SHA256: <base64>`, HMAC-SHA256 over the bytes of the body. No time is signed.
 *
 * `X-Shopify-Webhook-Id` and `X-Shopify-Event-Id` are not signed: the hash of the body is the dedup key, for 7 days. Shopify
 * sends the same bytes again up to eight times in four hours; it wants an answer within five seconds.
 *
 * @see https://shopify.dev/docs/apps/build/webhooks/subscribe/https
 * @example verify: shopify({ secret: (ref) => ref.get(ConfigService).get('SHOPIFY_CLIENT_SECRET') })
 */
export function shopify({ secret }: ShopifyOptions): WebhookVerifier {
  return {
    preset: 'shopify',
    covers: 'body',
    resendsSameBytes: true,
    contentTypes: [],
    secretHeaders: [],
    open: (setup) =>
      openWithSecrets(setup, textSecret(secret), ({ headers, body }, keys) => {
        const given = headers[HEADER];
        if (given === undefined) return missing(HEADER);
        const sign = (key: string): string => hmacText('sha256', key, [body], 'base64');
        return isSignedByAny(keys, sign, [given]) ? null : NOT_SIGNED;
      }),
  };
}
