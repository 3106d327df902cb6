// The two classes of the architecture document, as they stand there: they have to compile.
import { Injectable } from '@nestjs/common';
import { IsString } from 'class-validator';
import { TriggerResult } from '../../libs/triggers/src/model/trigger-result.js';
import type { Poll } from '../../libs/triggers/src/sources/poll/poll.js';
import { Trigger } from '../../libs/triggers/src/sources/poll/trigger.decorator.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';
import { Task } from '../../libs/triggers/src/workflows/task.decorator.js';
import { Workflow } from '../../libs/triggers/src/workflows/workflow.decorator.js';

export class FileArrived {
  @IsString()
  filename!: string;
}

interface FileInfo {
  readonly name: string;
  readonly mtimeMs: number;
  readonly size: number;
}

@Injectable()
export class FileService {
  async changedSince(_since: number, _options: { readonly limit: number }): Promise<FileInfo[]> {
    return [];
  }
}

function logSuccess(_taskId: string, _context: TaskContext): void {}
function alertFailure(_taskId: string, _error: Error, _context: TaskContext<FileArrived>): void {}

@Workflow({ name: 'file_processor', description: 'Process incoming files', input: FileArrived })
export class FileProcessor {
  constructor(private readonly files: FileService) {}

  @Task({
    id: 'validate_file',
    onSuccess: logSuccess,
    onFailure: alertFailure,
    retry: { attempts: 3, backoff: 'exponential' },
    timeout: '30s',
  })
  async validateFile(_context: TaskContext<FileArrived>) {
    return { validated: true };
  }

  @Task({ id: 'process_file', dependencies: ['validate_file'] })
  async processFile(context: TaskContext<FileArrived & { validated: boolean }>) {
    const validated: boolean = context.data.validated && this.files !== undefined;
    return { name: context.get('filename'), validated };
  }
}

@Injectable()
export class InboxTriggers {
  constructor(private readonly files: FileService) {}

  @Trigger({
    workflow: FileProcessor,
    name: 'file_watcher',
    pollInterval: '2s',
    allowConcurrent: false,
    dedup: { for: 'ever' },
  })
  async fileWatcher(poll: Poll<{ since: number }>): Promise<TriggerResult<FileArrived>> {
    const files = await this.files.changedSince(poll.cursor?.since ?? 0, { limit: 500 });
    if (files.length === 0) return TriggerResult.skip('inbox is empty');
    return TriggerResult.fireMany(
      files.map((file) => ({
        context: { filename: file.name },
        dedupKey: `${file.name}:${file.mtimeMs}:${file.size}`,
      })),
      { cursor: { since: files.at(-1)!.mtimeMs }, more: files.length === 500 },
    );
  }
}
