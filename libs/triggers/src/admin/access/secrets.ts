import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Text that cannot be guessed: 256 random bits, fit for URLs, headers and cookies. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether two texts are equal, in a time that tells neither where they differ nor how long the secret is. */
export function isSameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(sha256(given), sha256(secret));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
