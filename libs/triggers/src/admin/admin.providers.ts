import type { FactoryProvider, Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { AccessAudit } from './access/access-audit.js';
import { AccessNotice, AdminTerminal, StdoutTerminal } from './access/access-notice.service.js';
import { AdminAccess } from './access/admin-access.service.js';
import { AppGuards } from './access/app-guards.js';
import { TriggerPermission } from './access/trigger-permission.js';
import { ADMIN_OPTIONS, adminEnvironment, resolveAdminOptions } from './admin.options.js';
import type { AdminOptions, ResolvedAdminOptions } from './admin.options.js';
import { AdminBodies } from './http/admin-bodies.js';

/**
 * What the admin API needs in the module that lists its controllers. Options are resolved when the application starts,
 * so that secrets come from where it has them by then.
 */
export function adminProviders(options: AdminOptions): Provider[] {
  return [
    optionsProvider(options),
    { provide: AdminTerminal, useClass: StdoutTerminal },
    AppGuards,
    AdminAccess,
    AccessAudit,
    AccessNotice,
    AdminBodies,
    TriggerPermission,
  ];
}

function optionsProvider({ token, ...options }: AdminOptions): FactoryProvider<ResolvedAdminOptions> {
  return {
    provide: ADMIN_OPTIONS,
    inject: [ModuleRef],
    useFactory: async (ref: ModuleRef) =>
      resolveAdminOptions(
        { ...options, token: typeof token === 'function' ? await token(ref) : token },
        adminEnvironment(),
      ),
  };
}
