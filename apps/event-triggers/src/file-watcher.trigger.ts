import { Injectable } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import { FileProcessor } from './file-processor.workflow.js';
import type { FileArrived } from './file-processor.workflow.js';

/** Finds a file at every fifth poll. */
@Injectable()
export class FileWatcher {
  #polls = 0;

  @Trigger({ workflow: FileProcessor, name: 'file_watcher', pollInterval: '2s', allowConcurrent: false })
  fileWatcher(): TriggerResult<FileArrived> {
    this.#polls += 1;
    if (this.#polls % 5 !== 0) return TriggerResult.skip();
    const filename = `data_${timeOfDay(new Date())}.csv`;
    console.log(`  [TRIGGER] Found new file: ${filename}`);
    return TriggerResult.fire({ filename });
  }
}

/** `143052` for 14:30:52. */
function timeOfDay(now: Date): string {
  return [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, '0')).join('');
}
