import { ConfigurableModuleBuilder } from '@nestjs/common';
import { createAdminControllers } from './admin/admin.controllers.js';
import { adminProviders } from './admin/admin.providers.js';
import { NODE_ROLES } from './model/node-roles.js';
import type { NodeRole } from './model/node-roles.js';
import { GIVEN_ROLES, MODULE_OPTIONS } from './triggers.options.js';
import type { TriggersExtras, TriggersOptions } from './triggers.options.js';

/** Nest takes the keys of these off the options. */
const EXTRAS: TriggersExtras = { admin: {}, isGlobal: true, roles: NODE_ROLES };

/** `forRoot` and `forRootAsync`, as every Nest module has them; the admin API is made for each module anew. */
export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TriggersOptions>({
  moduleName: 'Triggers',
  optionsInjectionToken: MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<TriggersExtras>(EXTRAS, (definition, { admin = {}, isGlobal = true, roles = NODE_ROLES }) => {
    const mounted = admin !== false && serves(roles) ? admin : false;
    return {
      ...definition,
      global: isGlobal,
      controllers: mounted === false ? [] : createAdminControllers(mounted),
      providers: [
        ...(definition.providers ?? []),
        { provide: GIVEN_ROLES, useValue: roles },
        ...(mounted === false ? [] : adminProviders(mounted)),
      ],
    };
  })
  .build();

/** Roles that are none are refused with everything else that is wrong, when the application starts. */
function serves(roles: readonly NodeRole[]): boolean {
  return !Array.isArray(roles) || roles.includes('api');
}
