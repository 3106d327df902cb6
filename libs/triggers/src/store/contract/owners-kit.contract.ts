import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { deleteNode, registerNode } from '../node.repository.js';
import type { Store } from '../store.service.js';
import {
  acquireTriggers,
  countHoldings,
  handTriggersOver,
  releaseTriggers,
  wantTriggers,
} from '../trigger-owner.repository.js';
import type { TriggerHoldings } from '../trigger-owner.repository.js';
import { READ_TRIGGERS, declareTriggers, recordOf } from '../trigger.repository.js';
import type { TriggerRecord } from '../trigger.repository.js';
import { rowsOf } from './kit.contract.js';
import { nodeOf } from './work.contract.js';

/** How long a node lives without a word. */
export const LEASE_MS = 30_000;
/** The triggers that they are about. */
export const NAMES = ['a', 'b', 'c', 'd'] as const;

/** Nodes and what they do to the owners of triggers. */
export class Owners {
  readonly me = newId<NodeId>();
  readonly other = newId<NodeId>();

  private constructor(readonly store: Store) {}

  /** Triggers that nobody owns, and two living nodes. */
  static async on(store: Store, names: readonly string[] = NAMES): Promise<Owners> {
    const owners = new Owners(store);
    await store.change(() => declareTriggers(names.map((name) => ({ name, kind: 'poll', aliases: [] }))));
    await owners.register(owners.me);
    await owners.register(owners.other);
    return owners;
  }

  register(id: NodeId): Promise<unknown> {
    return this.store.change(() => registerNode(nodeOf({ id, name: id, leaseMs: LEASE_MS })));
  }

  die(id: NodeId): Promise<unknown> {
    return this.store.change(() => deleteNode(id));
  }

  acquire(node: NodeId, names: readonly string[] = NAMES, limit = names.length): Promise<TriggerRecord[]> {
    return this.store.change(() => acquireTriggers(names, node, limit));
  }

  release(node: NodeId, names: readonly string[] = NAMES): Promise<void> {
    return this.store.change(() => releaseTriggers(names, node));
  }

  want(node: NodeId, from: NodeId, limit: number, names: readonly string[] = NAMES): Promise<number> {
    return this.store.change(() => wantTriggers(names, node, from, limit));
  }

  handOver(from: NodeId, to: NodeId, name: string, epoch: number): Promise<string[]> {
    return this.store.change(() => handTriggersOver([{ name, epoch, to }], from));
  }

  holdings(names: readonly string[] = NAMES): Promise<TriggerHoldings> {
    return this.store.look(() => countHoldings(names));
  }

  async read(name: string): Promise<TriggerRecord | undefined> {
    const [row] = await this.store.read(READ_TRIGGERS, [[name]]);
    return row && recordOf(row, this.me);
  }

  /** Owner and wanter of each trigger, as they are stored. */
  async stored(): Promise<unknown[]> {
    const rows = await rowsOf(this.store, 'trigger', 'name');
    return rows.map((row) => [row['owner'], row['wanted_by']]);
  }
}
