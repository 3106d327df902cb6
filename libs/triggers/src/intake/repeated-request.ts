import { TriggersError } from '../model/errors.js';
import type { FiringId } from '../model/ids.js';
import type { Json } from '../model/json.js';
import type { FiringDraft } from '../store/commits/firing.draft.js';
import { batch } from '../store/dialects/batch.js';
import type { Store } from '../store/store.service.js';
import { canonicalJson } from './dedup-key.js';

const READ_CONTEXT = batch(
  'firing_context',
  { _id: 'text' },
  () => `SELECT COALESCE(payload, context) AS sent FROM triggers_firing WHERE id IN (SELECT _id FROM g)`,
);

/**
 * An `Idempotency-Key` stands for one request; with another context it is a mistake of the sender.
 *
 * @param firingId what was fired under the key before
 * @throws TRG_API_IDEMPOTENCY
 */
export async function refuseOtherContext(store: Store, draft: FiringDraft, firingId: FiringId): Promise<void> {
  const [row] = await store.read(READ_CONTEXT, [[firingId]]);
  if (row === undefined || sameJson(row['sent'] as string | null, draft.payload ?? draft.context)) return;
  throw new TriggersError(
    'TRG_API_IDEMPOTENCY',
    'This Idempotency-Key was used before with another context. Use a new key for a new request.',
    { details: { firingId } },
  );
}

function sameJson(a: string | null, b: string | null): boolean {
  return canonicalJson(JSON.parse(a ?? 'null') as Json) === canonicalJson(JSON.parse(b ?? 'null') as Json);
}
