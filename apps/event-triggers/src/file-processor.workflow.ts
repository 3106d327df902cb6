import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';

/** What the workflow is started with. */
export interface FileArrived {
  readonly filename: string;
}

/** Told after the commit that a task has completed. */
function onTaskSuccess(taskId: string): void {
  console.log(`  [SUCCESS] Task '${taskId}' completed`);
}

/** Told after the commit that a task has failed for good. */
function onTaskFailure(taskId: string, error: Error): void {
  console.log(`  [FAILURE] Task '${taskId}' failed: ${error.message}`);
}

@Workflow({ name: 'file_processor', description: 'Process incoming files with monitoring' })
export class FileProcessor {
  @Task({ id: 'validate_file', onSuccess: onTaskSuccess, onFailure: onTaskFailure })
  validateFile(context: TaskContext<FileArrived>) {
    console.log(`  Validating file: ${context.get('filename', 'unknown')}`);
    return { validated: true };
  }

  @Task({
    id: 'process_file',
    dependencies: ['validate_file'],
    onSuccess: onTaskSuccess,
    onFailure: onTaskFailure,
  })
  processFile(context: TaskContext<FileArrived>) {
    console.log(`  Processing file: ${context.get('filename', 'unknown')}`);
    return { processed_at: new Date().toISOString() };
  }
}
