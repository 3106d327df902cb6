import { NODE_ROLES, resolveNodeRoles } from './node-roles.js';
import type { NodeRole } from './node-roles.js';

describe('the roles of a process', () => {
  it('are those that it is given, each once', () => {
    expect(resolveNodeRoles(['worker', 'api', 'worker'], 'postgres').names).toEqual(['api', 'worker']);
    const roles = resolveNodeRoles(['scheduler'], 'postgres');
    expect(NODE_ROLES.map((role) => roles.has(role))).toEqual([false, true, false]);
  });

  it.each<[unknown, string]>([
    [[], 'is []; it takes one or more of "api", "scheduler", "worker"'],
    ['worker', 'is "worker"; it takes one or more of'],
    [['api', 'boss'], 'has "boss"; it takes "api", "scheduler", "worker"'],
  ])('cannot be %j', (given, problem) => {
    expect(() => resolveNodeRoles(given as NodeRole[], 'postgres')).toThrow(
      expect.objectContaining({ code: 'TRG_DEF_INVALID_OPTION', message: expect.stringContaining(problem) }),
    );
  });

  it.each<readonly NodeRole[][]>([[['worker']], [['scheduler']], [['api', 'worker']], [['scheduler', 'worker']]])(
    'are not shared out on SQLite: %j',
    (given) => {
      expect(() => resolveNodeRoles(given, 'sqlite')).toThrow(/on SQLite, where one process .* Postgres\./);
      expect(resolveNodeRoles(given, 'postgres').onlyServes).toBe(false);
    },
  );

  it('may be all or "api" alone on SQLite', () => {
    expect(resolveNodeRoles(['worker', 'scheduler', 'api'], 'sqlite').names).toEqual(NODE_ROLES);
    expect(resolveNodeRoles(['api'], 'sqlite').onlyServes).toBe(true);
  });
});
