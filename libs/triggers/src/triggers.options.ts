import type { AdminOptions } from './admin/admin.options.js';
import type { EngineOptions } from './engine/engine.options.js';
import type { TransportOption } from './engine/transport/transport.js';
import type { TriggerOverride } from './intake/trigger-overrides.js';
import type { NodeRole } from './model/node-roles.js';
import type { OutboxOptions } from './sources/entity/entity-trigger.options.js';
import type { WebhooksOptions } from './sources/webhook/webhooks-module.options.js';
import type { DatabaseOptions } from './store/database.options.js';

/** Injects {@link TriggersOptions} as they were given. */
export const MODULE_OPTIONS = Symbol.for('nestjs-triggers:module-options');

/** Injects the roles as they were given, not checked yet. */
export const GIVEN_ROLES = Symbol.for('nestjs-triggers:roles');

/** Options of `TriggersModule.forRoot()`. Nothing is required: the ledger is `./triggers.db` then. */
export interface TriggersOptions extends EngineOptions {
  /** Where the ledger lives. @default a SQLite file `./triggers.db` */
  readonly database?: DatabaseOptions;
  /** How nodes are told that tasks are ready: `bullMq()` of `nestjs-triggers/bullmq`. @default each looks into the database */
  readonly transport?: TransportOption;
  /** Per environment, by the name of the trigger; goes before the decorator, an operator goes before it. */
  readonly triggers?: Readonly<Record<string, TriggerOverride>>;
  /** The tables in databases of the application that entity triggers and `fire(…, { manager })` write. @default where entities are watched */
  readonly outbox?: OutboxOptions;
  /** Whether polling and running begin with the application. `false`: call `TriggersService.start()`. @default true */
  readonly autostart?: boolean;
}

/**
 * Options that Nest needs before anything is injected: they stand beside `useFactory` in `forRootAsync`. What must come
 * from configuration (secrets) may be a function.
 */
export interface TriggersExtras {
  /** The admin API; `false` for none. @default at `/admin/triggers`, closed until somebody is given access */
  readonly admin?: AdminOptions | false;
  /** The webhooks; `false` for none. @default at `/webhooks` */
  readonly webhooks?: WebhooksOptions | false;
  /**
   * What this process does of: `api` (admin API and webhooks are mounted), `scheduler` (polls, prunes), `worker` (runs tasks). Every
   * process fires, and takes over from the dead. On SQLite all, or `['api']` for one that only serves and fires.
   *
   * @default all of them
   */
  readonly roles?: readonly NodeRole[];
  /** Whether other modules may inject our services without importing this one. @default true */
  readonly isGlobal?: boolean;
}
