import { isId } from './ids.js';
import { NodeIdentity } from './node-identity.js';

describe('NodeIdentity', () => {
  it('is an id of its own, the same until it changes, and another one after that', () => {
    const [node, other] = [new NodeIdentity(), new NodeIdentity()];
    const { id } = node;
    expect([isId(id), node.id === id, other.id === id]).toEqual([true, true, false]);
    node.change();
    expect([isId(node.id), node.id === id]).toEqual([true, false]);
  });
});
