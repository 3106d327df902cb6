import type { JsonObject } from '../model/json.js';
import type { Store } from '../store/store.service.js';
import type { ContextPreview } from './history.types.js';

/** The longest context that a list carries, in bytes of its JSON text: 2 KiB. */
export const MAX_LISTED_BYTES = 2_048;
/** How many characters of a longer one are shown. */
const PREVIEW_CHARACTERS = 256;

/** How a list shows a context, given its JSON text or at least the first {@link MAX_LISTED_BYTES} + 1 characters of it. */
export function previewOf(text: string | null | undefined): ContextPreview {
  if (text === null || text === undefined) return { context: null };
  if (Buffer.byteLength(text) <= MAX_LISTED_BYTES) return { context: JSON.parse(text) as JsonObject };
  return { context: null, contextTruncated: true, contextPreview: text.slice(0, PREVIEW_CHARACTERS) };
}

/** How a list shows the contexts of these firings; one query, and no more than 2 KiB of each leaves the database. */
export async function previewsOf(store: Store, firingIds: readonly string[]): Promise<(id: string) => ContextPreview> {
  const beginning = await beginningsOf(store, 'context', firingIds);
  return (id) => previewOf(beginning(id));
}

/** How a list shows what senders sent: the first 2 KiB of the text. */
export async function textPreviewsOf(
  store: Store,
  firingIds: readonly string[],
): Promise<(id: string) => string | null> {
  const beginning = await beginningsOf(store, 'payload', firingIds);
  return (id) => beginning(id)?.slice(0, MAX_LISTED_BYTES) ?? null;
}

async function beginningsOf(
  store: Store,
  column: 'context' | 'payload',
  firingIds: readonly string[],
): Promise<(id: string) => string | null | undefined> {
  if (firingIds.length === 0) return () => null;
  const rows = await store.reader
    .createQueryBuilder(store.entities.firing, 'row')
    .select('row.id', 'id')
    .addSelect(`substr(row.${column}, 1, ${MAX_LISTED_BYTES + 1})`, 'beginning')
    .where('row.id IN (:...ids)', { ids: [...new Set(firingIds)] })
    .getRawMany<{ id: string; beginning: string | null }>();
  const byId = new Map(rows.map(({ id, beginning }) => [id, beginning]));
  return (id) => byId.get(id);
}
