import { ConfigurableModuleBuilder } from '@nestjs/common';
import { createAdminControllers } from './admin/admin.controllers.js';
import { adminProviders } from './admin/admin.providers.js';
import { MODULE_OPTIONS } from './triggers.options.js';
import type { TriggersExtras, TriggersOptions } from './triggers.options.js';

/** `forRoot` and `forRootAsync`, as every Nest module has them; the admin API is made for each module anew. */
export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TriggersOptions>({
  moduleName: 'Triggers',
  optionsInjectionToken: MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<TriggersExtras>({ admin: {}, isGlobal: true }, (definition, { admin = {}, isGlobal = true }) => ({
    ...definition,
    global: isGlobal,
    controllers: admin === false ? [] : createAdminControllers(admin),
    providers: [...(definition.providers ?? []), ...(admin === false ? [] : adminProviders(admin))],
  }))
  .build();
