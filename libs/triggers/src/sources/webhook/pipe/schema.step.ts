import { invalid } from './letters.js';
import type { Step } from './step.js';

/** The option `schema`. */
export const checkSchema: Step = async (passage, tools) => {
  const fields = (await passage.trigger.schema?.(passage.payload ?? null)) ?? [];
  return fields.length === 0 ? undefined : () => invalid({ passage, tools, fields });
};
