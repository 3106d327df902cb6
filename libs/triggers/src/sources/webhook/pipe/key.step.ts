import { errorMessage } from '../../../model/text.js';
import { deliveryKey, hashKey } from './delivery-key.js';
import { invalid } from './letters.js';
import type { Step } from './step.js';

/** What makes it the same delivery as another one. A function of the author's that fails bypasses nothing. */
export const findKey: Step = (passage, tools) => {
  try {
    passage.key = deliveryKey(passage, passage.payload ?? null);
    return undefined;
  } catch (error) {
    passage.key = hashKey(passage);
    return () => invalid({ passage, tools, fields: [`(dedupKey): threw: ${errorMessage(error)}`] });
  }
};
