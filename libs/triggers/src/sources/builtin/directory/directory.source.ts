import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TriggersError } from '../../../model/errors.js';
import { errorMessage } from '../../../model/text.js';
import { TriggerResult } from '../../../model/trigger-result.js';
import type { Poll, TriggerSource } from '../../poll/poll.js';
import { mappingOf } from '../built-in.options.js';
import type { Mapping } from '../built-in.options.js';
import { fittingKey } from '../fitting-key.js';
import { ItemPage, LOOK_MS } from '../item-page.js';
import { OfferedKeys } from '../offered-keys.js';
import { resolveDirectoryOptions } from './directory.options.js';
import type { DirectoryOptions, FoundFile, ResolvedDirectoryOptions } from './directory.options.js';
import { lookAt } from './file-look.js';
import type { FileLook } from './file-look.js';
import { FolderWalk, isSystemError } from './folder-walk.js';
import { SettlingFiles } from './settling-files.js';

interface DirectoryCursor {
  /** The last path that was looked at; `null` when the next poll begins with the first one. */
  readonly after: string | null;
  /** The last offer. */
  readonly offer?: string;
}

/** A way through the folder. It goes on in the next poll if that begins where this one has ended. */
interface Round {
  readonly root: string;
  readonly walk: FolderWalk;
  readonly names: AsyncGenerator<readonly string[]>;
  /** Names that were read and not looked at yet. */
  ahead: readonly string[];
  /** The last path that was looked at. */
  place: string | null;
}

/** What one poll collects. */
interface Catch<C extends object> {
  readonly poll: Poll;
  readonly page: ItemPage<C>;
  readonly keys: string[];
}

/** Files that are looked at together. */
const TOGETHER = 64;

/**
 * Looks for files in a folder: new ones, and those that have changed.
 *
 * **The dedup key decides what is new.** Path, time and size are one version of one file, and the trigger keeps that key for
 * ever, in the commit of the firing. So it does not matter in which order files come, whether they share a time, or how old the
 * time is that a file brings along (`mv`, `cp -p`, `rsync -t`), and a crash loses nothing.
 *
 * **The cursor is a place**, one path: files are gone through in the order of their paths, at most 1,000 fire in one poll, and
 * the next poll goes on behind the last of them. At the end it begins anew. What is known to be stored is passed over from
 * memory; a process that has just started does not know, and offers the whole folder once, page by page.
 *
 * **A file that is being written** is left alone until it has been the same for `settle`.
 */
export class DirectorySource<C extends object = FoundFile> implements TriggerSource<C> {
  readonly #options: ResolvedDirectoryOptions;
  readonly #toContext: (file: FoundFile) => C;
  readonly #offered = new OfferedKeys();
  readonly #settling: SettlingFiles;
  /** A round that the next poll may go on with: reading the folder again for every page would take longer than the page. */
  #open: Round | null = null;

  /** @throws TRG_DEF_INVALID_OPTION, TRG_DEF_INVALID_DURATION */
  constructor(options: DirectoryOptions & Mapping<FoundFile, C>, where = 'DirectorySource') {
    this.#options = resolveDirectoryOptions(options, where);
    this.#toContext = mappingOf<FoundFile>(options) as (file: FoundFile) => C;
    this.#settling = new SettlingFiles(this.#options.settleMs);
  }

  /** @throws TRG_POLL_SOURCE when the folder cannot be read */
  async poll(poll: Poll): Promise<TriggerResult<C>> {
    const { after, offer } = cursorOf(poll);
    if (!poll.dryRun) this.#offered.settle(offer);
    const round = await this.#reached(this.#roundAt(after));
    const found: Catch<C> = { poll, page: new ItemPage(), keys: [] };
    const isDone = await this.#reached(this.#search(round, found));
    if (!isDone && !poll.dryRun) this.#open = round;
    if (found.page.items.length > 0) return this.#fire(found, isDone ? null : round.place);
    if (!isDone) return TriggerResult.fireMany([], { cursor: { after: round.place }, more: true });
    return this.#nothing(after, round.walk.unreadable);
  }

  /**
   * The whole folder was gone through, from `after` on, and nothing fires. What cannot be read inside is no reason to fail: in
   * the end that suspends the trigger, for all other files too.
   */
  #nothing(after: string | null, unreadable: Error | null): TriggerResult<C> {
    const reason =
      unreadable === null ? this.#reason : `not all of the folder can be read: ${errorMessage(unreadable)}`;
    return TriggerResult.skip(reason, after === null ? {} : { cursor: { after: null } });
  }

  /** The round that stands at this place, or a new one that begins there. */
  async #roundAt(place: string | null): Promise<Round> {
    const root = await realpath(this.#options.path);
    const open = this.#open;
    this.#open = null;
    if (open !== null && open.root === root && open.place === place) return open;
    const walk = new FolderWalk(root, this.#options);
    return { root, walk, names: together(walk.after(place)), ahead: [], place };
  }

  /** Goes on until the page is full, the time is over, or (then `true`) there is nothing left. */
  async #search(round: Round, found: Catch<C>): Promise<boolean> {
    const deadline = performance.now() + LOOK_MS;
    while (performance.now() < deadline) {
      found.poll.signal.throwIfAborted();
      if (round.ahead.length === 0) {
        const next = await round.names.next();
        if (next.done === true) {
          if (!found.poll.dryRun) this.#settling.endRound();
          return true;
        }
        round.ahead = next.value;
      }
      if (!(await this.#lookAhead(round, found))) return false;
    }
    return false;
  }

  /** Looks at the names ahead; `false` when the page has no room for one of them. */
  async #lookAhead(round: Round, found: Catch<C>): Promise<boolean> {
    const { ahead } = round;
    const looks = await Promise.all(ahead.map((name) => this.#look(round, name)));
    for (const [index, name] of ahead.entries()) {
      if (!this.#take(found, name, looks[index] ?? null)) {
        round.ahead = ahead.slice(index);
        return false;
      }
      round.place = name;
    }
    round.ahead = [];
    return true;
  }

  /** Folders, and what is known by its path alone, are not looked at. */
  #look({ root, walk }: Round, name: string): Promise<FileLook | null> {
    const isKnown = this.#options.on === 'new' && this.#offered.has(fittingKey(name));
    if (isKnown || name.endsWith('/')) return Promise.resolve(null);
    return lookAt(root, name).catch((error: unknown) => {
      walk.cannotRead(error);
      return null;
    });
  }

  /** `false` when the page has no room for the file. */
  #take({ poll, page, keys }: Catch<C>, name: string, look: FileLook | null): boolean {
    if (look === null) return true;
    const key = this.#options.on === 'new' ? fittingKey(name) : fittingKey(`${name}:${look.mtimeMs}:${look.size}`);
    if (this.#offered.has(key)) return true;
    if (!this.#settling.hasSettled(name, look, poll.now.getTime())) return true;
    if (!page.add({ context: this.#toContext(this.#found(name, look)), dedupKey: key })) return false;
    keys.push(key);
    return true;
  }

  #found(name: string, { size, mtimeMs }: FileLook): FoundFile {
    const path = join(resolve(this.#options.path), name);
    return { path, name, size, modifiedAt: new Date(Math.floor(mtimeMs)).toISOString() };
  }

  #fire({ poll, page, keys }: Catch<C>, after: string | null): TriggerResult<C> {
    const offer = poll.dryRun ? undefined : this.#offered.offer(keys);
    const cursor: DirectoryCursor = { after, ...(offer !== undefined && { offer }) };
    return TriggerResult.fireMany(page.items, { cursor, more: after !== null });
  }

  /** Two reasons, and no numbers: equal skips in a row are one row. */
  get #reason(): string {
    return this.#settling.size > 0 ? 'files are still being written' : 'no new files';
  }

  async #reached<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw isSystemError(error) ? this.#unreadable(error) : error;
    }
  }

  #unreadable(cause: Error): TriggersError {
    const message = `The folder "${resolve(this.#options.path)}" cannot be read: ${errorMessage(cause)}. Make it, or give this process the right to read it.`;
    return new TriggersError('TRG_POLL_SOURCE', message, { cause });
  }
}

/** An operator may have set it to anything; what is no place is the beginning. */
function cursorOf({ cursor }: Poll): DirectoryCursor {
  const { after, ...more } = (cursor ?? {}) as Partial<DirectoryCursor>;
  return { ...more, after: typeof after === 'string' ? after : null };
}

async function* together(runs: AsyncIterable<readonly string[]>): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  for await (const names of runs) {
    for (const name of names) {
      if (batch.push(name) < TOGETHER) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
