import { Controller, UseFilters, UseGuards, UseInterceptors, VERSION_NEUTRAL } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { AdminGuard } from './access/admin.guard.js';
import { AuditInterceptor } from './access/audit.interceptor.js';
import { PayloadInterceptor } from './access/payload.interceptor.js';
import { adminPath } from './admin.options.js';
import type { AdminOptions } from './admin.options.js';
import { DeadLettersController } from './controllers/dead-letters.controller.js';
import { ExecutionsController } from './controllers/executions.controller.js';
import { AuditController, NodesController } from './controllers/records.controllers.js';
import { SessionController } from './controllers/session.controller.js';
import { TriggerHistoryController } from './controllers/trigger-history.controller.js';
import { TriggersController } from './controllers/triggers.controller.js';
import { UnknownPathController } from './controllers/unknown-path.controller.js';
import { WorkflowsController } from './controllers/workflows.controller.js';
import { AdminErrorFilter } from './http/error.filter.js';

/** The controllers and their places below the path of the API. Fixed paths go before `/:name`, the rest comes last. */
const PLACES: readonly (readonly [place: string, controller: Type<object>])[] = [
  ['session', SessionController],
  ['executions', ExecutionsController],
  ['workflows', WorkflowsController],
  ['dead-letters', DeadLettersController],
  ['nodes', NodesController],
  ['audit', AuditController],
  ['', TriggersController],
  ['', TriggerHistoryController],
  ['', UnknownPathController],
];

/**
 * The controllers of the admin API, made for one module: their path and decorators are options. List them in this order.
 *
 * @throws TRG_DEF_INVALID_OPTION for a path that cannot be one
 */
export function createAdminControllers(options: Pick<AdminOptions, 'path' | 'decorators'> = {}): Type<object>[] {
  const base = adminPath(options);
  return PLACES.map(([place, controller]) => {
    const mounted = mount(controller, place === '' ? base : `${base}/${place}`);
    for (const decorate of options.decorators ?? []) decorate(mounted);
    return mounted;
  });
}

/** A class of its own, so that two modules in one process do not decorate the same one. Routes are inherited. */
function mount(controller: Type<object>, path: string): Type<object> {
  const mounted = { [controller.name]: class extends controller {} }[controller.name] as Type<object>;
  // No version of the application's API stands in front of the path.
  Controller({ path, version: VERSION_NEUTRAL })(mounted);
  UseGuards(AdminGuard)(mounted);
  UseInterceptors(PayloadInterceptor, AuditInterceptor)(mounted);
  UseFilters(AdminErrorFilter)(mounted);
  return mounted;
}
