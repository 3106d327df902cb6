import type { JsonObject } from '../../../model/json.js';
import { redactedTexts } from '../../payload/redacted-texts.js';
import { isSecretName } from '../../payload/secret-names.js';
import type { Passage } from './passage.js';

/** Where a delivery came from, for the ledger: of secrets only their names and lengths. */
export function provenanceOf(passage: Passage): JsonObject {
  const { delivery, trigger } = passage;
  const isSecret = (name: string): boolean => isSecretName(name) || trigger.verifier.secretHeaders.includes(name);
  return {
    address: delivery.address,
    size: delivery.body.length,
    sha256: passage.sha256,
    params: redactedTexts(delivery.params),
    query: redactedTexts(delivery.query, isSecret),
    headers: redactedTexts(delivery.headers, isSecret),
  };
}
