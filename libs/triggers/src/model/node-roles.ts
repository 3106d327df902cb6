import { TriggersError } from './errors.js';
import { quoteAll } from './text.js';

/** Every {@link NodeRole}. */
export const NODE_ROLES = ['api', 'scheduler', 'worker'] as const;

/**
 * What a process does besides firing, looking after its lease and taking over from the dead, which every one does.
 * - `api`: the admin API is mounted.
 * - `scheduler`: polls triggers and prunes history.
 * - `worker`: claims and runs tasks, and calls callbacks.
 */
export type NodeRole = (typeof NODE_ROLES)[number];

/** The roles of this process. */
export class NodeRoles {
  constructor(readonly names: readonly NodeRole[] = NODE_ROLES) {}

  has(role: NodeRole): boolean {
    return this.names.includes(role);
  }

  /** Whether it serves and fires and nothing else. */
  get onlyServes(): boolean {
    return this.names.length === 1 && this.has('api');
  }
}

/**
 * The roles that an application was given, each once and in our order.
 *
 * @param databaseType on SQLite one process does everything, and others may only serve
 * @throws TRG_DEF_INVALID_OPTION
 */
export function resolveNodeRoles(given: readonly NodeRole[], databaseType: 'sqlite' | 'postgres'): NodeRoles {
  const list: unknown = given;
  if (!Array.isArray(list) || given.length === 0)
    throw refuse(`is ${JSON.stringify(given)}; it takes one or more of ${quoteAll(NODE_ROLES)}`);
  const unknown = given.filter((role) => !NODE_ROLES.includes(role));
  if (unknown.length > 0) throw refuse(`has ${quoteAll(unknown)}; it takes ${quoteAll(NODE_ROLES)}`);
  const roles = new NodeRoles(NODE_ROLES.filter((role) => given.includes(role)));
  if (databaseType === 'postgres' || roles.names.length === NODE_ROLES.length || roles.onlyServes) return roles;
  throw refuse(
    `is ${quoteAll(roles.names)} on SQLite, where one process at a time polls and runs everything. ` +
      'Leave it out, use ["api"] for a process that only serves and fires, or share the work on Postgres',
  );
}

function refuse(problem: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', `Option "roles" ${problem}.`);
}
