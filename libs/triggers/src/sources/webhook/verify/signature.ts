import { createHmac, timingSafeEqual } from 'node:crypto';

/** A hash that vendors sign with. */
export type HmacAlgorithm = 'sha256' | 'sha512' | 'sha1';

/** What is signed, in its order. Bytes stay bytes: a body that is no UTF-8 has a signature too. */
export type SignedParts = readonly (string | Buffer)[];

/** The keyed hash of `parts`, as text. */
export function hmacText(
  algorithm: HmacAlgorithm,
  key: string | Buffer,
  parts: SignedParts,
  encoding: 'hex' | 'base64',
): string {
  const hmac = createHmac(algorithm, key);
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}

/**
 * Whether two texts are equal, in a time that does not tell where they differ. They are compared as they are written: a
 * signature has one form only, so no second one (capitals in hex, spare bits in base64) passes for it.
 */
export function equalInConstantTime(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Whether one of the given signatures was made with one of the keys. All are tried, whatever the outcome of the first. */
export function isSignedByAny<K>(keys: readonly K[], sign: (key: K) => string, given: readonly string[]): boolean {
  let found = false;
  for (const key of keys) {
    const expected = sign(key);
    for (const signature of given) found = equalInConstantTime(expected, signature) || found;
  }
  return found;
}
