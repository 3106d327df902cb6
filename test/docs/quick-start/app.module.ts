// The quick start of README.md, word by word; test/docs/quick-start.spec.ts runs it.
// #region readme
import { readdir } from 'node:fs/promises';
import { Injectable, Module } from '@nestjs/common';
import { Task, Trigger, TriggerResult, TriggersModule, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';

@Workflow({ name: 'file_processor' })
class FileProcessor {
  @Task({ timeout: '30s', retry: { attempts: 5 } })
  async measure(context: TaskContext<{ filename: string }>) {
    return { length: context.data.filename.length };
  }

  @Task({ dependencies: ['measure'] })
  async report(context: TaskContext<{ filename: string; length: number }>) {
    context.logger.log(`${context.data.filename}: ${context.data.length} characters`);
  }
}

@Injectable()
class InboxTriggers {
  @Trigger({ workflow: FileProcessor, name: 'inbox', pollInterval: '2s', dedup: { for: 'ever' } })
  async newFiles() {
    const files = await readdir('./inbox');
    if (files.length === 0) return TriggerResult.skip('inbox is empty');
    return TriggerResult.fireMany(files.map((filename) => ({ context: { filename }, dedupKey: filename })));
  }
}

@Module({ imports: [TriggersModule.forRoot()], providers: [FileProcessor, InboxTriggers] })
export class AppModule {}
// #endregion
