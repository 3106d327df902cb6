import { FORM, jsonOrForm } from './body-form.js';
import type { SecretOption } from './secret.js';
import { hmacText, isSignedByAny } from './signature.js';
import { timeProblem } from './signed-time.js';
import type { ToleranceOption } from './signed-time.js';
import { idAsKey, memberOf, missing, NOT_SIGNED, openWithTime, textSecret } from './signed.verifier.js';
import type { WebhookDelivery, WebhookVerifier } from './verifier.js';

/** Options of {@link slack}. */
export interface SlackOptions extends ToleranceOption {
  /** The app's signing secret; several while it is replaced. */
  readonly secret: SecretOption;
}

const SIGNATURE = 'x-slack-signature';
const TIME = 'x-slack-request-timestamp';

/**
 * Requests of Slack: `X-Slack-Signature: v0=<hex>`, HMAC-SHA256 over `v0:<X-Slack-Request-Timestamp>:body`. Events are JSON;
 * slash commands are forms and are fired as they are, of interactive forms the field `payload` is fired.
 *
 * `url_verification` is answered with its challenge, once the signature is verified. The `event_id` of an event is the dedup
 * key, for 7 days; Slack sends an event again three times, and wants an answer within three seconds.
 *
 * @see https://docs.slack.dev/authentication/verifying-requests-from-slack
 * @see https://docs.slack.dev/reference/events/url_verification
 * @example verify: slack({ secret: (ref) => ref.get(ConfigService).get('SLACK_SIGNING_SECRET') })
 */
export function slack({ secret, ...options }: SlackOptions): WebhookVerifier {
  return {
    preset: 'slack',
    covers: 'body',
    resendsSameBytes: false,
    contentTypes: [FORM],
    secretHeaders: [],
    open: (setup) => openWithTime(setup, options, textSecret(secret), problemOf),
    keyOf: (_delivery, payload) => idAsKey(memberOf(payload, 'event_id')),
    payloadOf: jsonOrForm,
    challenge(_delivery, payload) {
      const challenge = memberOf(payload, 'challenge');
      if (memberOf(payload, 'type') !== 'url_verification' || typeof challenge !== 'string') return null;
      return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: challenge };
    },
  };
}

function problemOf(
  { headers, body, receivedAt }: WebhookDelivery,
  keys: readonly string[],
  toleranceMs: number,
): string | null {
  const [given, time] = [headers[SIGNATURE], headers[TIME]];
  if (given === undefined) return missing(SIGNATURE);
  const late = timeProblem(time, { receivedAt, toleranceMs });
  if (late !== null) return late;
  const sign = (key: string): string => `v0=${hmacText('sha256', key, [`v0:${time}:`, body], 'hex')}`;
  return isSignedByAny(keys, sign, [given]) ? null : NOT_SIGNED;
}
