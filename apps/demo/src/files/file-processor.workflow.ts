import { lstat } from 'node:fs/promises';
import { NonRetryableError, Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { printDone, printFailed } from '../terminal/lines.js';
import { BrokenCsvError, summariseCsv } from './csv-summary.js';
import type { CsvSummary } from './csv-summary.js';
import { FileArrived } from './file-arrived.js';
import { InboxService } from './inbox.service.js';

type Validated = FileArrived & { readonly bytes: number };
type Processed = FileArrived & { readonly rows: number; readonly columns: number; readonly summary: string };

function fileValidated(taskId: string, context: TaskContext<Validated>): void {
  printDone(taskId, context.data.filename, `${context.data.bytes} bytes`);
}

function fileProcessed(taskId: string, { data }: TaskContext<Processed>): void {
  printDone(taskId, data.filename, `${data.rows} rows, ${data.columns} columns → ${data.summary}`);
}

function fileFailed(taskId: string, error: Error, context: TaskContext<FileArrived>): void {
  printFailed(taskId, context.data.filename, error.message);
}

/** Reads a CSV of the inbox and writes its summary as JSON. */
@Workflow({ name: 'file_processor', description: 'Summarises a CSV file of the inbox', input: FileArrived })
export class FileProcessor {
  constructor(private readonly inbox: InboxService) {}

  @Task({ id: 'validate_file', onSuccess: fileValidated, onFailure: fileFailed, timeout: '30s' })
  async validateFile(context: TaskContext<FileArrived>) {
    const { size } = await this.#stat(context.data.filename);
    return { bytes: size };
  }

  /** Running it twice is harmless: the summary is replaced as a whole by the same one. */
  @Task({
    id: 'process_file',
    dependencies: ['validate_file'],
    onSuccess: fileProcessed,
    onFailure: fileFailed,
    timeout: '5m',
  })
  async processFile(context: TaskContext<FileArrived>) {
    const { filename } = context.data;
    const before = await this.#stat(filename);
    const { rows, columns, totals } = await this.#summarise(filename, context.signal);
    const after = await this.#stat(filename);
    if (after.mtimeMs !== before.mtimeMs || after.size !== before.size) {
      throw new Error(`"${filename}" was changed while it was read`); // tried again
    }
    const summary = this.inbox.summaryName(filename);
    const text = JSON.stringify({ file: filename, rows, columns, totals }, null, 2);
    await this.inbox.writeWhole(summary, `${text}\n`, context.executionId);
    return { rows, columns: columns.length, summary };
  }

  async #stat(filename: string): Promise<{ size: number; mtimeMs: number }> {
    const stats = await lstat(this.inbox.path(filename)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new NonRetryableError(`"${filename}" is no longer in the inbox`);
      throw error;
    });
    if (!stats.isFile()) throw new NonRetryableError(`"${filename}" is not a file`);
    return stats;
  }

  async #summarise(filename: string, signal: AbortSignal): Promise<CsvSummary> {
    try {
      return await summariseCsv(this.inbox.path(filename), signal);
    } catch (error) {
      if (error instanceof BrokenCsvError) throw new NonRetryableError(`Broken CSV: ${error.message}`);
      throw error;
    }
  }
}
