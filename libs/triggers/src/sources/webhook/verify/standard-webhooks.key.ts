import type { KeyObject } from 'node:crypto';
import { createPublicKey, verify } from 'node:crypto';
import type { SignedParts } from './signature.js';

/** A key of Standard Webhooks: a shared secret (`v1`), or the public half of an ed25519 pair (`v1a`). */
export type StandardKey =
  { readonly scheme: 'v1'; readonly secret: Buffer } | { readonly scheme: 'v1a'; readonly publicKey: KeyObject };

const ED25519_KEY_BYTES = 32;

/** The key of a serialized secret: `whsec_<base64>` or bare base64, or `whpk_<base64>`; else a text that says what is wrong. */
export function standardKey(serialized: string): { readonly key: StandardKey } | string {
  if (serialized.startsWith('whsk_')) return 'a secret is a private key (whsk_). Give the public one (whpk_).';
  if (serialized.startsWith('whpk_')) return publicKey(serialized.slice('whpk_'.length));
  const secret = base64Bytes(serialized.replace(/^whsec_/, ''));
  if (secret === null || secret.length === 0)
    return 'a secret is no base64 text. Standard Webhooks write it as whsec_<base64>.';
  return { key: { scheme: 'v1', secret } };
}

/** Whether a signature of scheme `v1a` was made by the owner of a public key. */
export function isSignedByOwner(key: KeyObject, parts: SignedParts, signature: string): boolean {
  const bytes = base64Bytes(signature);
  return bytes !== null && verify(null, Buffer.concat(parts.map((part) => Buffer.from(part))), key, bytes);
}

function publicKey(base64: string): { readonly key: StandardKey } | string {
  const raw = base64Bytes(base64);
  if (raw?.length !== ED25519_KEY_BYTES) return 'a public key (whpk_) is no base64 text of 32 bytes.';
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') };
  return { key: { scheme: 'v1a', publicKey: createPublicKey({ key: jwk, format: 'jwk' }) } };
}

/** The bytes of a base64 text in its one regular form (padding may be left out), or `null`. */
function base64Bytes(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64');
  const regular = bytes.toString('base64');
  return text === regular || text === regular.replace(/=+$/, '') ? bytes : null;
}
