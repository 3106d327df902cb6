import { ConfigurableModuleBuilder } from '@nestjs/common';
import { createAdminControllers } from './admin/admin.controllers.js';
import { adminProviders } from './admin/admin.providers.js';
import { NODE_ROLES } from './model/node-roles.js';
import type { NodeRole } from './model/node-roles.js';
import { webhookParts } from './sources/webhook/webhook.providers.js';
import { GIVEN_ROLES, MODULE_OPTIONS } from './triggers.options.js';
import type { TriggersExtras, TriggersOptions } from './triggers.options.js';

/** Nest takes the keys of these off the options. */
const EXTRAS: TriggersExtras = { admin: {}, webhooks: {}, isGlobal: true, roles: NODE_ROLES };

/** `forRoot` and `forRootAsync`, as every Nest module has them; its controllers are made for each module anew. */
export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TriggersOptions>({
  moduleName: 'Triggers',
  optionsInjectionToken: MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<TriggersExtras>(EXTRAS, (definition, extras) => {
    const { admin = {}, webhooks = {}, isGlobal = true, roles = NODE_ROLES } = extras;
    const mounted = admin !== false && serves(roles) ? admin : false;
    const webhook = webhookParts(webhooks, serves(roles));
    return {
      ...definition,
      global: isGlobal,
      controllers: [...(mounted === false ? [] : createAdminControllers(mounted)), ...webhook.controllers],
      providers: [
        ...(definition.providers ?? []),
        { provide: GIVEN_ROLES, useValue: roles },
        ...(mounted === false ? [] : adminProviders(mounted)),
        ...webhook.providers,
      ],
    };
  })
  .build();

/** Roles that are none are refused with everything else that is wrong, when the application starts. */
function serves(roles: readonly NodeRole[]): boolean {
  return !Array.isArray(roles) || roles.includes('api');
}
