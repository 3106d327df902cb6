import type { JsonObject } from '../../model/json.js';
import { cleanText } from '../../model/text.js';
import { isSecretName } from './secret-names.js';

/** So much of a header or a parameter reaches the ledger. */
const MAX_VALUE = 256;

/** Headers or parameters as the ledger may have them: of secrets only the lengths. */
export function redactedTexts(
  values: Readonly<Record<string, string>>,
  isSecret: (name: string) => boolean = isSecretName,
): JsonObject {
  const shown = Object.entries(values).map(([name, value]) => [
    name,
    isSecret(name) ? `[${value.length} characters]` : cleanText(value).slice(0, MAX_VALUE),
  ]);
  return Object.fromEntries(shown) as JsonObject;
}
