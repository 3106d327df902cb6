import { resolveHmac } from './hmac.options.js';
import type { HmacOptions, ResolvedHmac } from './hmac.options.js';
import { hmacText, isSignedByAny } from './signature.js';
import { timeProblem } from './signed-time.js';
import { idAsKey, missing, NOT_SIGNED, openWithSecrets, textSecret } from './signed.verifier.js';
import type { SecretCheck } from './signed.verifier.js';
import type { WebhookDelivery, WebhookVerifier } from './verifier.js';

/**
 * Any sender that signs with a shared secret: HMAC over the body, or over a template with a signed time and a signed id.
 * The header may hold several signatures, separated by commas.
 *
 * With `idHeader` the id is the dedup key, for 7 days; an id that the template does not cover is not taken. Without it the
 * hash of the body is the key, for 5 minutes, or for 7 days with `resendsSameBytes`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc2104
 * @example hmac({ header: 'x-signature', prefix: 'sha256=', encoding: 'hex', secret })
 * @example hmac({ header: 'x-sign', encoding: 'base64', template: '{timestamp}.{body}', timestampHeader: 'x-time', secret })
 */
export function hmac(options: HmacOptions): WebhookVerifier {
  const idHeader = options.idHeader?.toLowerCase();
  return {
    preset: 'hmac',
    covers: 'body',
    resendsSameBytes: options.resendsSameBytes ?? false,
    contentTypes: [],
    secretHeaders: [],
    async open(setup) {
      const resolved = resolveHmac(options, setup);
      const check: SecretCheck<string> = (delivery, keys) => problemOf(delivery, resolved, keys);
      const toleranceMs = resolved.timestampHeader === null ? 0 : resolved.toleranceMs;
      return openWithSecrets(setup, textSecret(options.secret), check, toleranceMs);
    },
    ...(idHeader !== undefined && { keyOf: ({ headers }: WebhookDelivery) => idAsKey(headers[idHeader]) }),
  };
}

function problemOf(delivery: WebhookDelivery, options: ResolvedHmac, keys: readonly string[]): string | null {
  const given = delivery.headers[options.header];
  if (given === undefined) return missing(options.header);
  const problem = idProblem(delivery, options) ?? lateness(delivery, options);
  if (problem !== null) return problem;
  const parts = options.template.fill({
    id: valueOf(delivery, options.idHeader),
    timestamp: valueOf(delivery, options.timestampHeader),
    body: delivery.body,
  });
  const sign = (key: string): string => options.prefix + hmacText(options.algorithm, key, parts, options.encoding);
  const signatures = given.split(',').map((signature) => signature.trim());
  return isSignedByAny(keys, sign, signatures) ? null : NOT_SIGNED;
}

function idProblem(delivery: WebhookDelivery, { idHeader, template }: ResolvedHmac): string | null {
  if (idHeader === null) return null;
  const id = valueOf(delivery, idHeader);
  if (id === '') return missing(idHeader);
  return template.isAmbiguous(id) ? `the header ${idHeader} holds what separates the signed parts` : null;
}

function lateness({ headers, receivedAt }: WebhookDelivery, options: ResolvedHmac): string | null {
  if (options.timestampHeader === null) return null;
  const { timestampFormat: format, toleranceMs } = options;
  return timeProblem(headers[options.timestampHeader], { format, receivedAt, toleranceMs });
}

function valueOf({ headers }: WebhookDelivery, header: string | null): string {
  return header === null ? '' : (headers[header] ?? '');
}
