import { Injectable } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import type { Poll } from 'nestjs-triggers';
import type { FileArrived } from './file-arrived.js';
import { FileProcessor } from './file-processor.workflow.js';
import { InboxService } from './inbox.service.js';
import type { InboxFile, Place } from './inbox.service.js';

/** Where the next poll goes on. It holds one name, however many files there are. */
interface InboxCursor {
  /** The last file that fired. */
  readonly after: Place | null;
  /** When the pass through the whole folder began, in ms. */
  readonly passSince: number;
}

const FILES_PER_POLL = 500;
const PASS_EVERY_MS = 10 * 60_000;

/**
 * Fires once for every version of every file.
 *
 * **The key decides what is new.** `name:mtimeMs:size` is one version of one file; the ledger keeps the key for ever, in
 * the same commit as the firing. So it does not matter how often a version is seen, before or after a crash, and nothing
 * has to be remembered here.
 *
 * **The cursor only saves work**: without it every poll would offer every file again. It goes by ctime, not by mtime: an
 * old file that is copied with its times (`cp -p`), unpacked or moved into the inbox has an old mtime, but the system
 * gives it the ctime of now, and no program can set that. Files with an equal ctime are told apart by their name. A
 * file that is being written has a fresh ctime; it is left alone until it is a second old, and so the cursor cannot
 * pass it: whatever appears later has a later place.
 *
 * **Every ten minutes it starts over** and offers the whole folder, 500 files at a time. That finds what a ctime cannot
 * promise (the clock was set back, a network drive does not keep it) and the key makes it harmless.
 */
@Injectable()
export class InboxTriggers {
  constructor(private readonly inbox: InboxService) {}

  @Trigger({
    workflow: FileProcessor,
    name: 'file_watcher',
    pollInterval: '2s',
    allowConcurrent: false,
    dedup: { for: 'ever' },
  })
  async fileWatcher(poll: Poll<InboxCursor>): Promise<TriggerResult<FileArrived>> {
    const { after, passSince } = currentPass(poll.cursor);
    const { files, more } = await this.inbox.settledAfter(after, FILES_PER_POLL);
    const last = files.at(-1);
    if (last === undefined) return skip(poll, { after, passSince });
    const cursor: InboxCursor = { after: { ctimeMs: last.ctimeMs, name: last.name }, passSince };
    return TriggerResult.fireMany(files.map(toItem), { cursor, more });
  }
}

function currentPass(cursor: InboxCursor | undefined): InboxCursor {
  const now = Date.now();
  const goesOn = cursor !== undefined && Math.abs(now - cursor.passSince) < PASS_EVERY_MS;
  return goesOn ? cursor : { after: null, passSince: now };
}

/** An unchanged cursor is left out: a poll that finds nothing writes nothing. */
function skip(poll: Poll<InboxCursor>, cursor: InboxCursor): TriggerResult<never> {
  const reason = 'nothing new in the inbox';
  return cursor.passSince === poll.cursor?.passSince
    ? TriggerResult.skip(reason)
    : TriggerResult.skip(reason, { cursor });
}

function toItem({ name, mtimeMs, size }: InboxFile): { context: FileArrived; dedupKey: string } {
  return { context: { filename: name }, dedupKey: `${name}:${mtimeMs}:${size}` };
}
