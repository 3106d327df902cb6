import type { NodeId } from '../model/ids.js';
import type { Store } from '../store/store.service.js';

/** The name of a node, its id when it is forgotten. */
export type NodeNames = (id: NodeId | null) => string | null;

/** The names of all nodes: one query over a small table. */
export async function nodeNames(store: Store): Promise<NodeNames> {
  const nodes = await store.reader.find(store.entities.node, { select: { id: true, name: true } });
  const byId = new Map<string, string>(nodes.map(({ id, name }) => [id, name]));
  return (id) => (id === null ? null : (byId.get(id) ?? id));
}
