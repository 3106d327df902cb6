import { mergeContexts } from '../model/context-merge.js';
import type { JsonObject } from '../model/json.js';
import { batch } from './dialects/batch.js';
import type { Rows } from './dialects/batch.js';

/** The outputs of an execution by their tasks, in topological order. */
export const ENDED_OUTPUTS = batch(
  'ended_outputs',
  { _id: 'text' },
  () => `SELECT execution_id, task, output FROM triggers_task
    WHERE execution_id IN (SELECT _id FROM g) AND state = 'completed' AND output IS NOT NULL ORDER BY ordinal`,
);

/** The input and these outputs, merged: the result of an execution, as far as it got. */
export function mergedResult(input: string | null | undefined, outputs: Rows): JsonObject {
  const texts = [input ?? '{}', ...outputs.map((row) => row['output'] as string)];
  return mergeContexts(texts.map((text) => JSON.parse(text) as JsonObject));
}
