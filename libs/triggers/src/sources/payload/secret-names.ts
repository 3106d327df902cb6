/** Words that make the value of a header or a parameter a secret, wherever they stand in its name. */
const ANYWHERE =
  /authorization|cookie|signature|hmac|secret|token|password|passwd|passphrase|credential|session|assertion|api-?key/;
/** Words that do so as a part of a name: `x-functions-key`, `auth_code`, `accessKey`. */
const AS_A_PART = /(^|-)(key|keys|auth|jwt|sig|sign|pwd|pass|bearer|otp)(-|$)/;
/** `code` alone is a key of functions in a cloud, or of a login; `country-code` is none. */
const ALONE = /^code$/;
/** What is no secret, though its name sounds so: what kind of event it is, which request it is. */
const KNOWN = /^(x-)?(event|idempotency)-key$/;

/**
 * Whether the value of a header, a query parameter or a path parameter is, or may be, a secret by its name. Such a value
 * reaches no ledger: of it only the length is kept, or its hash where it makes a key.
 */
export function isSecretName(name: string): boolean {
  const parts = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/[_.]/g, '-')
    .toLowerCase();
  if (KNOWN.test(parts)) return false;
  return ANYWHERE.test(parts) || AS_A_PART.test(parts) || ALONE.test(parts);
}
