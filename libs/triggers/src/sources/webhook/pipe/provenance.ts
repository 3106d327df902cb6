import type { JsonObject } from '../../../model/json.js';
import { cleanText } from '../../../model/text.js';
import type { Passage } from './passage.js';

/** So much of a header or a query parameter reaches the ledger. */
const MAX_VALUE = 256;

/** Names of headers and query parameters whose values are, or may be, secrets. */
const SECRET = /authorization|cookie|signature|hmac|secret|token|password|api-?key|^key$|^sig$|credential|session/i;

/** Where a delivery came from, for the ledger: of secrets only their names and lengths. */
export function provenanceOf(passage: Passage): JsonObject {
  const { delivery, trigger } = passage;
  const isSecret = (name: string): boolean => SECRET.test(name) || trigger.verifier.secretHeaders.includes(name);
  return {
    address: delivery.address,
    size: delivery.body.length,
    sha256: passage.sha256,
    params: redacted(delivery.params, () => false),
    query: redacted(delivery.query, isSecret),
    headers: redacted(delivery.headers, isSecret),
  };
}

function redacted(values: Readonly<Record<string, string>>, isSecret: (name: string) => boolean): JsonObject {
  const shown = Object.entries(values).map(([name, value]) => [
    name,
    isSecret(name) ? `[${value.length} characters]` : cleanText(value).slice(0, MAX_VALUE),
  ]);
  return Object.fromEntries(shown) as JsonObject;
}
