import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DeadLettersService } from './admin/dead-letters.service.js';
import { TriggersService } from './admin/triggers.service.js';
import { WorkflowRunner } from './admin/workflow-runner.service.js';
import { ConfigurableModuleClass } from './triggers.module-definition.js';
import type { TriggersExtras, TriggersOptions } from './triggers.options.js';
import { TRIGGERS_PROVIDERS } from './triggers.providers.js';

/**
 * Triggers and workflows for a Nest application. Import it once, in the root module; `TriggersService` and
 * `WorkflowRunner` can then be injected anywhere.
 *
 * @example
 * @Module({ imports: [TriggersModule.forRoot()], providers: [FileProcessor, InboxTriggers] })
 * export class AppModule {}
 */
@Module({
  imports: [DiscoveryModule],
  providers: [...TRIGGERS_PROVIDERS],
  exports: [DeadLettersService, TriggersService, WorkflowRunner],
})
export class TriggersModule extends ConfigurableModuleClass {
  /** Options as they are. Nothing given means a SQLite file `./triggers.db` and a closed admin API at `/admin/triggers`. */
  static override forRoot(options: TriggersOptions & TriggersExtras = {}): DynamicModule {
    return super.forRoot(options);
  }
}
