import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TriggerResult } from 'nestjs-triggers';
import { pollOf } from 'nestjs-triggers/testing';
import { InboxService } from './inbox.service.js';
import { InboxTriggers } from './inbox.triggers.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe('the file watcher', () => {
  let home: string;
  let triggers: InboxTriggers;
  let cursor: unknown;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'inbox-triggers-'));
    mkdirSync(join(home, 'inbox'));
    triggers = new InboxTriggers(new InboxService({ inboxDir: join(home, 'inbox') }));
    cursor = undefined;
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(home, { recursive: true });
  });

  function drop(...names: readonly string[]): void {
    for (const name of names) writeFileSync(join(home, 'inbox', name), 'a\n1\n');
  }

  /** A poll that much later than now; its cursor is committed. */
  async function poll(laterMs = 2 * SECOND): Promise<TriggerResult> {
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + laterMs);
    const result = await triggers.fileWatcher(pollOf({ cursor: cursor as never }));
    jest.restoreAllMocks();
    cursor = result.cursor ?? cursor;
    return result;
  }

  function names({ items }: TriggerResult): unknown[] {
    return items.map(({ context }) => (context as { filename: string }).filename).sort();
  }

  it('fires every file once, under a key of name, time and size', async () => {
    drop('b.csv', 'a.csv');
    utimesSync(join(home, 'inbox', 'a.csv'), 1, 1.5);

    const result = await poll();

    expect(names(result)).toEqual(['a.csv', 'b.csv']);
    expect(result.items.map(({ dedupKey }) => dedupKey)).toContain('a.csv:1500:4');
    expect((await poll()).isSkip()).toBe(true);
  });

  it('leaves a file alone that was touched within the last second, and does not pass it', async () => {
    drop('a.csv');
    expect((await poll(0)).isSkip()).toBe(true);
    expect(names(await poll())).toEqual(['a.csv']);
  });

  it('finds a file that is moved in with an old time', async () => {
    drop('new.csv');
    await poll();
    writeFileSync(join(home, 'old.csv'), 'a\n1\n');
    utimesSync(join(home, 'old.csv'), 1, 1);
    renameSync(join(home, 'old.csv'), join(home, 'inbox', 'old.csv'));

    expect(names(await poll())).toEqual(['old.csv']);
  });

  it('takes 500 files at a time, loses none between two polls, and says when there are more', async () => {
    const all = Array.from({ length: 1_001 }, (_, number) => `${number}.csv`);
    drop(...all);

    const results = [await poll(), await poll(), await poll()];

    expect(results.map(({ items, more }) => [items.length, more])).toEqual([
      [500, true],
      [500, true],
      [1, false],
    ]);
    expect(results.flatMap(names).sort()).toEqual(all.sort());
  });

  it('offers the whole folder again after ten minutes, under the same keys', async () => {
    drop('a.csv');
    const first = await poll();
    expect((await poll(9 * MINUTE)).isSkip()).toBe(true);
    expect((await poll(11 * MINUTE)).items).toEqual(first.items);
  });

  it('writes nothing when it finds nothing', async () => {
    await poll();
    expect((await poll()).cursor).toBeUndefined();
  });
});
