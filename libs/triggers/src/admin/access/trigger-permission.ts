import { Injectable } from '@nestjs/common';
import type { ExecutionDetail, FiringItem } from '../../history/history.types.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { TriggersError } from '../../model/errors.js';
import { ROLES } from '../../model/identity.js';
import type { Identity, Role } from '../../model/identity.js';
import type { ManualRequest } from '../../sources/manual/manual-request.js';
import { isManual } from '../../sources/manual/manual-trigger.definition.js';
import type { ManualPermission } from '../../sources/manual/manual-trigger.options.js';
import { exchangeOf } from '../http/exchange.js';
import type { AdminRequest } from '../http/exchange.js';
import { conflict } from '../trigger.lookup.js';
import { AccessAudit } from './access-audit.js';
import { hasRole } from './roles.js';

/** What somebody wants of a trigger; nothing of it has been judged. */
export interface Wanted {
  readonly context?: object | undefined;
  readonly reason?: string | undefined;
  readonly dryRun: boolean;
}

/** What was fired. */
export interface Fired extends Pick<ExecutionDetail, 'trigger' | 'input' | 'payload'> {
  /** `null`: it was pruned. @default a dead letter, which intake replays only for a trigger that it knows */
  readonly firing?: Pick<FiringItem, 'kind'> | null;
}

/** How it is to be done again. */
export interface Again {
  /** Instead of what was sent. */
  readonly edited?: unknown;
  readonly reason?: string | undefined;
}

/** Asks the permission that a manual trigger declares, after the guard of the API has let the request in. */
@Injectable()
export class TriggerPermission {
  constructor(
    private readonly triggers: TriggerRegistry,
    private readonly audit: AccessAudit,
  ) {}

  /**
   * As {@link require}, for the replay or the retry of what the trigger has fired: with what was sent then, or what that
   * was edited to. What no trigger has fired, or one of another kind, needs no permission.
   *
   * @throws as {@link require}; TRG_API_CONFLICT for what was, or may have been, fired by hand, where this process does not
   *   declare the trigger: nobody here knows who may
   */
  async requireAgain(request: AdminRequest, fired: Fired, { edited, reason }: Again): Promise<void> {
    if (fired.trigger === null) return;
    const definition = this.triggers.resolve(fired.trigger);
    if (definition === undefined && mayBeByHand(fired)) throw unknownPermission(fired.trigger);
    if (!isManual(definition)) return;
    const sent = fired.payload === null ? fired.input : (JSON.parse(fired.payload) as object);
    const context = edited === undefined ? sent : edited;
    await this.require(request, fired.trigger, { context: context ?? {}, reason, dryRun: false });
  }

  /**
   * Lets through whoever may fire this trigger, also by a name that it had before. A refusal leaves an audit row and nothing
   * else.
   *
   * @throws TRG_API_FORBIDDEN, and what the function of the application throws, which refuses as well
   */
  async require(request: AdminRequest, name: string, wanted: Wanted): Promise<void> {
    const definition = this.triggers.resolve(name);
    const { user } = exchangeOf(request);
    if (!isManual(definition) || definition.permission === null || user === null) return;
    const { name: trigger, permission } = definition;
    const needed = typeof permission === 'string' ? permission : 'permission of the trigger';
    let allowed = false;
    try {
      allowed = await isAllowed(permission, user, requestOf(trigger, user, wanted));
    } finally {
      if (!allowed) await this.audit.refused(request, user, { needed, reason: wanted.reason });
    }
    if (!allowed) throw forbidden(trigger, permission, user);
  }
}

function mayBeByHand({ firing }: Fired): boolean {
  return firing === null || firing?.kind === 'manual';
}

function unknownPermission(name: string): TriggersError {
  return conflict(
    `Trigger "${name}" has fired this by hand, and this process does not declare it (any more), so nobody here knows who may have it done ` +
      'again. Ask a process that does; if the trigger has another name now, put this one into its "aliases".',
  );
}

async function isAllowed(permission: ManualPermission, user: Identity, request: ManualRequest): Promise<boolean> {
  const { id, roles, permissions = [] } = user;
  // A program in JavaScript may answer anything: only `true` is a yes.
  if (typeof permission === 'function') return (await permission({ id, roles, permissions }, request)) === true;
  return isRole(permission) ? hasRole(user, permission) : permissions.includes(permission);
}

function isRole(permission: string): permission is Role {
  return (ROLES as readonly string[]).includes(permission);
}

function requestOf(trigger: string, { id }: Identity, { context, reason, dryRun }: Wanted): ManualRequest {
  return { trigger, input: { ...context }, initiatedBy: id, reason: reason ?? null, dryRun };
}

function forbidden(
  name: string,
  permission: ManualPermission,
  { id, roles, permissions = [] }: Identity,
): TriggersError {
  const has = `"${id}" has the roles ${JSON.stringify(roles)} and the permissions ${JSON.stringify(permissions)}`;
  const message =
    typeof permission === 'string'
      ? `Trigger "${name}" needs the ${isRole(permission) ? 'role' : 'permission'} "${permission}"; ${has}.`
      : `Trigger "${name}" does not let "${id}" fire this.`;
  return new TriggersError('TRG_API_FORBIDDEN', message);
}
