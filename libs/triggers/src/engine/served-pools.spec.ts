import { NodeRoles } from '../model/node-roles.js';
import type { NodeRole } from '../model/node-roles.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import { ServedPools } from './served-pools.service.js';

describe('ServedPools', () => {
  let declared: string[];
  const served = (pools: readonly string[] | null, ...roles: NodeRole[]): ServedPools => {
    const workflows = { pools: () => declared } as unknown as WorkflowRegistry;
    const nodeRoles = roles.length > 0 ? new NodeRoles(roles) : new NodeRoles();
    return new ServedPools(workflows, nodeRoles, { pools } as ResolvedEngineOptions);
  };

  beforeEach(() => {
    declared = ['default', 'gpu', 'mail'];
  });

  it.each<[string, readonly string[] | null, NodeRole[], string[]]>([
    ['all that its workflows declare, where none are named', null, [], ['default', 'gpu', 'mail']],
    ['those that are named, in that order', ['mail', 'default'], [], ['mail', 'default']],
    ['those of a worker that does nothing else', ['gpu'], ['worker'], ['gpu']],
    ['none without the role "worker"', null, ['api', 'scheduler'], []],
    ['none without the role "worker", although some are named', ['gpu'], ['api'], []],
  ])('are %s', (_which, pools, roles, all) => {
    const known = served(pools, ...roles);
    expect(declared.filter((pool) => known.has(pool))).toEqual([...all].sort());
    expect(known.all).toEqual(all);
  });

  it('are known before anybody asks for one of them, and stand', () => {
    const known = served(null);
    expect(known.all).toEqual(['default', 'gpu', 'mail']);
    declared = [];
    expect([known.all, known.has('gpu')]).toEqual([['default', 'gpu', 'mail'], true]);
  });

  it('come in turn, each as often first as the others', () => {
    const known = served(null);
    const turns = Array.from({ length: 4 }, () => known.inTurn());
    expect(turns).toEqual([
      ['gpu', 'mail', 'default'],
      ['mail', 'default', 'gpu'],
      ['default', 'gpu', 'mail'],
      ['gpu', 'mail', 'default'],
    ]);
    expect([served(['gpu']).inTurn(), served(null, 'api').inTurn()]).toEqual([['gpu'], []]);
  });

  it('are refused where they are named and no task declares them', () => {
    expect(() => served(['gpu']).check()).not.toThrow();
    expect(() => served(['gqu']).check()).toThrow(expect.objectContaining({ code: 'TRG_DEF_INVALID_OPTION' }));
  });
});
