import { TriggersError } from '../../../model/errors.js';
import { errorMessage } from '../../../model/text.js';

/** The application's database did not let us: says what somebody who may has to run. */
export function noCapture(label: string, missing: readonly string[], cause: unknown): TriggersError {
  const message =
    `${label}: what captures changes cannot be made: ${errorMessage(cause)}. Let somebody who may run this, then start again; ` +
    `where it is there nothing is changed:\n${missing.map((sql) => `${sql};`).join('\n')}`;
  return new TriggersError('TRG_DEF_ENTITY_CAPTURE', message, { cause });
}
