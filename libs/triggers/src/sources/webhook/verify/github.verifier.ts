import { FORM, jsonOrForm } from './body-form.js';
import type { SecretOption } from './secret.js';
import { hmacText, isSignedByAny } from './signature.js';
import { missing, NOT_SIGNED, openWithSecrets, textSecret } from './signed.verifier.js';
import type { WebhookVerifier } from './verifier.js';

/** Options of {@link github}. */
export interface GithubOptions {
  /** The webhook's secret; several while it is replaced. */
  readonly secret: SecretOption;
}

const HEADER = 'x-hub-signature-256';

/**
 * Webhooks of GitHub: `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 over the bytes of the body. No time is signed. Both
 * content types that GitHub offers are taken; a form's field `payload` is the payload.
 *
 * `X-GitHub-Delivery` is not signed, whoever has captured a delivery can change it: the hash of the body is the dedup key.
 * GitHub sends the same bytes when it is asked to redeliver (up to three days), so the key is kept for 7 days.
 *
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 * @example verify: github({ secret: (ref) => ref.get(ConfigService).get('GITHUB_WEBHOOK_SECRET') })
 */
export function github({ secret }: GithubOptions): WebhookVerifier {
  return {
    preset: 'github',
    covers: 'body',
    resendsSameBytes: true,
    contentTypes: [FORM],
    secretHeaders: [],
    open: (setup) =>
      openWithSecrets(setup, textSecret(secret), ({ headers, body }, keys) => {
        const given = headers[HEADER];
        if (given === undefined) return missing(HEADER);
        const sign = (key: string): string => `sha256=${hmacText('sha256', key, [body], 'hex')}`;
        return isSignedByAny(keys, sign, [given]) ? null : NOT_SIGNED;
      }),
    payloadOf: jsonOrForm,
  };
}
