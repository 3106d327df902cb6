import type { JsonObject } from '../../../model/json.js';
import { cleanText } from '../../../model/text.js';
import type { Passage } from './passage.js';
import { isSecretName } from './secret-names.js';

/** So much of a header or a query parameter reaches the ledger. */
const MAX_VALUE = 256;

/** Where a delivery came from, for the ledger: of secrets only their names and lengths. */
export function provenanceOf(passage: Passage): JsonObject {
  const { delivery, trigger } = passage;
  const isSecret = (name: string): boolean => isSecretName(name) || trigger.verifier.secretHeaders.includes(name);
  return {
    address: delivery.address,
    size: delivery.body.length,
    sha256: passage.sha256,
    params: redacted(delivery.params, isSecretName),
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
