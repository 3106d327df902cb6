import { newId } from './ids.js';
import type { NodeId } from './ids.js';

/** Who this process is among the nodes. It gets another identity after a lost lease, so nothing older ever counts again. */
export class NodeIdentity {
  #id = newId<NodeId>();

  get id(): NodeId {
    return this.#id;
  }

  /** Becomes somebody else. */
  change(): void {
    this.#id = newId<NodeId>();
  }
}
