import { Module } from '@nestjs/common';
import { TriggersModule } from 'nestjs-triggers';
import { FileProcessor } from './file-processor.workflow.js';
import { FileWatcher } from './file-watcher.trigger.js';

/** A workflow, a trigger, and a ledger that is gone when the process ends. */
@Module({
  imports: [
    TriggersModule.forRoot({
      database: { type: 'sqlite', path: ':memory:' },
      admin: false,
      // `main.ts` polls by hand; a poll in between would count too.
      triggers: { file_watcher: { enabled: false } },
    }),
  ],
  providers: [FileProcessor, FileWatcher],
})
export class AppModule {}
