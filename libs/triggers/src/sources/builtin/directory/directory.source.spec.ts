import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { TestClock } from '../../../testing/test-clock.js';
import { PollSeries } from '../poll-series.contract.js';
import type { DirectoryOptions, FoundFile } from './directory.options.js';
import { DirectorySource } from './directory.source.js';

let home: string;
let inbox: string;
let clock: TestClock;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'directory-source-'));
  inbox = join(home, 'inbox');
  mkdirSync(inbox);
  clock = new TestClock(new Date());
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(home, { recursive: true, force: true });
});

const drop = (...names: string[]): void => names.forEach((name) => writeFileSync(join(inbox, name), name));
const names = (found: readonly FoundFile[]): string[] => found.map(({ name }) => name);
const source = (options: Partial<DirectoryOptions> = {}): DirectorySource =>
  new DirectorySource({ path: inbox, settle: '0s', ...options });
const watch = (options: Partial<DirectoryOptions> = {}): PollSeries<FoundFile> =>
  new PollSeries(source(options), clock);

interface Act {
  readonly write?: string;
  readonly bytes?: number;
  readonly at?: number;
  readonly move?: string;
  readonly to?: string;
  readonly poll?: string;
  readonly wait?: number;
  readonly restart?: boolean;
}

function refusal(syscall: string, path: string): Error {
  return Object.assign(new Error(`EACCES: permission denied, ${syscall} '${path}'`), { code: 'EACCES', syscall });
}

/** One thing that happens to a folder, or to who watches it. */
async function happen(
  series: PollSeries<FoundFile>,
  { write, bytes = 0, at = 0, move, to = '', poll, wait, restart }: Act,
): Promise<void> {
  if (write !== undefined) {
    writeFileSync(join(inbox, write), 'x'.repeat(bytes));
    utimesSync(join(inbox, write), at, at);
  }
  if (move !== undefined && existsSync(join(inbox, move))) renameSync(join(inbox, move), join(inbox, to));
  if (poll !== undefined) await series.poll({ lost: poll === 'lost', dryRun: poll === 'tried' });
  if (wait !== undefined) await clock.advance(wait);
  if (restart === true) series.source = source({ settle: '1s', recursive: true });
}

describe('what fires', () => {
  it('fires every file once, in the order of the names, and says what it is', async () => {
    const series = watch();
    drop('b.csv', 'a.csv');
    utimesSync(join(inbox, 'a.csv'), 1_000, 1_000);

    const { fired } = await series.poll();

    expect(fired[0]).toEqual({
      path: join(inbox, 'a.csv'),
      name: 'a.csv',
      size: 5,
      modifiedAt: '1970-01-01T00:16:40.000Z',
    });
    expect(names(fired)).toEqual(['a.csv', 'b.csv']);
    expect((await series.poll()).result).toMatchObject({ kind: 'skip', reason: 'no new files', cursor: undefined });
  });

  it('fires a file again that has another size or time, and with "new" never', async () => {
    const [changed, fresh] = [watch(), watch({ on: 'new' })];
    drop('a.csv');
    await changed.poll();
    await fresh.poll();

    writeFileSync(join(inbox, 'a.csv'), 'longer than before');
    expect([names(await changed.pollAll()), names(await fresh.pollAll())]).toEqual([['a.csv'], []]);
    utimesSync(join(inbox, 'a.csv'), 5, 5);
    expect([names(await changed.pollAll()), names(await fresh.pollAll())]).toEqual([['a.csv'], []]);
  });

  it('fires files that share a time, and one that brings an old time along', async () => {
    const series = watch();
    drop('b.csv', 'c.csv');
    for (const name of ['b.csv', 'c.csv']) utimesSync(join(inbox, name), 500, 500);
    expect(names(await series.pollAll())).toEqual(['b.csv', 'c.csv']);

    writeFileSync(join(home, 'a.csv'), 'old');
    utimesSync(join(home, 'a.csv'), 1, 1);
    renameSync(join(home, 'a.csv'), join(inbox, 'a.csv'));
    drop('d.csv');
    utimesSync(join(inbox, 'd.csv'), 500, 500);
    expect(names(await series.pollAll())).toEqual(['a.csv', 'd.csv']);
  });

  it('takes a file under a new name for a new file', async () => {
    const series = watch();
    drop('a.csv');
    await series.poll();
    renameSync(join(inbox, 'a.csv'), join(inbox, 'b.csv'));
    expect(names(await series.pollAll())).toEqual(['b.csv']);
  });

  it('passes over hidden and partial files until they have their name', async () => {
    const series = watch();
    drop('.hidden', 'a.part', 'b.tmp', 'c.crdownload', 'd.partial', '~e');
    expect(await series.pollAll()).toEqual([]);
    renameSync(join(inbox, 'a.part'), join(inbox, 'a.csv'));
    expect(names(await series.pollAll())).toEqual(['a.csv']);
    expect(names(await watch({ ignore: [] }).pollAll())).toHaveLength(6);
  });

  it('takes the files that the pattern names', async () => {
    drop('a.csv', 'b.txt', 'c.CSV');
    expect(names(await watch({ pattern: '*.{csv,txt}' }).pollAll())).toEqual(['a.csv', 'b.txt']);
  });

  it('looks into folders where it is told to, and not into those that are passed over', async () => {
    for (const folder of ['in', 'in/deep', '.git']) mkdirSync(join(inbox, folder));
    drop('in.csv', 'in/a.csv', 'in/deep/b.csv', 'in/deep/c.txt', '.git/d.csv');
    expect(names(await watch().pollAll())).toEqual(['in.csv']);
    const all = ['in.csv', 'in/a.csv', 'in/deep/b.csv', 'in/deep/c.txt'];
    expect(names(await watch({ recursive: true }).pollAll())).toEqual(all);
    expect(names(await watch({ recursive: true, pattern: 'in/**/*.csv' }).pollAll())).toEqual(all.slice(1, 3));
  });

  it('makes contexts by the mapping', async () => {
    drop('a.csv');
    const mapped = new DirectorySource({ path: inbox, settle: '0s', context: ({ name }) => ({ filename: name }) });
    expect(await new PollSeries(mapped, clock).pollAll()).toEqual([{ filename: 'a.csv' }]);
  });

  it('fires what a name of many characters stands for', async () => {
    const folders = Array.from({ length: 9 }, (_, at) => `${at}`.repeat(120));
    mkdirSync(join(inbox, ...folders), { recursive: true });
    drop(join(...folders, 'a.csv'));
    const series = watch({ recursive: true });
    expect(await series.pollAll()).toHaveLength(1);
    expect([...series.keys][0]?.length).toBeLessThan(1_024);
    expect(await series.pollAll()).toHaveLength(0);
  });
});

describe('a file that is being written', () => {
  const SECOND = 1_000;

  it('fires when it has been the same for the time', async () => {
    const series = watch({ settle: '2s' });
    drop('a.csv');
    expect(await series.poll()).toMatchObject({ fired: [], result: { reason: 'files are still being written' } });
    expect(await series.pollIn(SECOND)).toEqual([]);
    expect(names(await series.pollIn(SECOND))).toEqual(['a.csv']);
  });

  it('is waited for anew after every change', async () => {
    const series = watch({ settle: '2s' });
    drop('a.csv');
    await series.poll();
    for (const text of ['ab', 'abc']) {
      writeFileSync(join(inbox, 'a.csv'), text);
      expect(await series.pollIn(SECOND * 1.5)).toEqual([]);
    }
    expect(names(await series.pollIn(SECOND * 2))).toEqual(['a.csv']);
    expect(series.fired.map(({ size }) => size)).toEqual([3]);
  });

  it('is not waited for when both clocks call it old', async () => {
    drop('a.csv');
    await clock.advance(61 * SECOND);
    const series = watch({ settle: '2s' });
    expect(names((await series.poll()).fired)).toEqual(['a.csv']);
  });

  it('is waited for however fast the clock of a network drive is', async () => {
    drop('a.csv');
    clock.set(new Date(Date.now() + 30 * SECOND));
    const series = watch({ settle: '2s' });
    expect((await series.poll()).fired).toEqual([]);
    expect(names(await series.pollIn(2 * SECOND))).toEqual(['a.csv']);
  });

  it('is forgotten when it goes away', async () => {
    const series = watch({ settle: '2s' });
    drop('a.csv');
    await series.poll();
    rmSync(join(inbox, 'a.csv'));
    await series.poll();
    expect((await series.poll()).result.reason).toBe('no new files');
  });
});

describe('links', () => {
  it('ignores links that leave the folder, lead nowhere, or lead to folders', async () => {
    writeFileSync(join(home, 'secret.csv'), 'secret');
    mkdirSync(join(home, 'outside'));
    writeFileSync(join(home, 'outside', 'b.csv'), 'b');
    drop('a.csv');
    symlinkSync('a.csv', join(inbox, 'inside.csv'));
    symlinkSync(join(home, 'secret.csv'), join(inbox, 'out.csv'));
    symlinkSync('../secret.csv', join(inbox, 'up.csv'));
    symlinkSync('missing', join(inbox, 'nowhere.csv'));
    symlinkSync('loop.csv', join(inbox, 'loop.csv'));
    symlinkSync(join(home, 'outside'), join(inbox, 'folder'));
    symlinkSync('.', join(inbox, 'round'));
    expect(names(await watch({ recursive: true }).pollAll())).toEqual(['a.csv', 'inside.csv']);
  });

  it('watches a folder that is a link itself', async () => {
    drop('a.csv');
    symlinkSync(inbox, join(home, 'link'));
    const { fired } = await watch({ path: join(home, 'link') }).poll();
    expect(fired.map(({ path }) => path)).toEqual([join(home, 'link', 'a.csv')]);
  });

  it('does not take a folder for inside whose name only begins alike', async () => {
    mkdirSync(`${inbox}-2`);
    writeFileSync(join(`${inbox}-2`, 'a.csv'), 'a');
    symlinkSync(join(`${inbox}-2`, 'a.csv'), join(inbox, 'a.csv'));
    expect(await watch().pollAll()).toEqual([]);
  });
});

describe('crashes and restarts', () => {
  it('fires again what was not committed, and nothing else', async () => {
    const series = watch();
    drop('a.csv');
    expect(names((await series.poll({ lost: true })).fired)).toEqual(['a.csv']);
    expect(names((await series.poll()).fired)).toEqual(['a.csv']);
    expect(await series.poll()).toMatchObject({ fired: [], duplicates: 0 });
  });

  it('fires nothing twice after a restart, and what came meanwhile once', async () => {
    const series = watch();
    drop('a.csv', 'b.csv');
    await series.pollAll();
    drop('c.csv');
    series.source = source();
    expect(await series.poll()).toMatchObject({ fired: [{ name: 'c.csv' }], duplicates: 2 });
    expect(await series.poll()).toMatchObject({ fired: [], duplicates: 0 });
  });

  it('does not take an offer of another process for its own', async () => {
    const series = watch();
    drop('a.csv');
    await series.poll({ lost: true });
    const other = source();
    rmSync(join(inbox, 'a.csv'));
    drop('b.csv');
    const mine = series.source;
    series.source = other;
    await series.poll();
    drop('a.csv');
    series.source = mine;
    expect(names(await series.pollAll())).toEqual(['a.csv']);
  });

  it('tries out without a trace', async () => {
    const series = watch();
    drop('a.csv');
    await series.poll({ dryRun: true });
    expect(names((await series.poll()).fired)).toEqual(['a.csv']);
  });

  it.each([null, 'here', 7, { after: 5 }, { after: '/etc/../x' }])(
    'begins somewhere when an operator says %j',
    async (cursor) => {
      drop('a.csv');
      const series = watch({ recursive: true });
      series.cursor = cursor;
      await series.pollAll();
      await series.pollAll();
      expect(names(series.fired)).toEqual(['a.csv']);
    },
  );

  it('loses no version that is there in the end, whatever happens in between', async () => {
    const name = fc.constantFrom('a', 'b', 'c/d', 'c/e', 'f');
    const act = fc.oneof(
      fc.record({ write: name, bytes: fc.nat(3), at: fc.constantFrom(1_000, 2_000, 3_000) }),
      fc.record({ move: name, to: name }),
      fc.record({ poll: fc.constantFrom('kept', 'lost', 'tried') }),
      fc.record({ wait: fc.integer({ min: 1, max: 3_000 }) }),
      fc.constant({ restart: true } as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 30 }), async (acts) => {
        rmSync(inbox, { recursive: true });
        mkdirSync(join(inbox, 'c'), { recursive: true });
        clock = new TestClock(new Date());
        const series = watch({ settle: '1s', recursive: true });
        for (const one of acts) await happen(series, one);
        for (let poll = 0; poll < 4; poll++) await series.pollIn(1_000);
        const versions = ['a', 'b', 'c/d', 'c/e', 'f'].flatMap((file) => {
          const stats = statSync(join(inbox, file), { throwIfNoEntry: false });
          return stats === undefined ? [] : [`${file}:${stats.mtimeMs}:${stats.size}`];
        });
        expect([...series.keys]).toEqual(expect.arrayContaining(versions));
        expect(series.fired).toHaveLength(series.keys.size);
      }),
      { numRuns: 60 },
    );
  });

  it('begins a page after the other, wherever it is stopped', async () => {
    const all = Array.from({ length: 2_100 }, (_, at) => `${String(at).padStart(5, '0')}.csv`);
    drop(...all);
    const series = watch();
    expect((await series.poll()).result).toMatchObject({ more: true, cursor: { after: '00999.csv' } });
    expect(names((await series.poll({ lost: true })).fired)[0]).toBe('01000.csv');
    expect(names((await series.poll({ lost: true })).fired)[0]).toBe('01000.csv');
    series.source = source();
    drop('00000-late.csv');
    const rest = names(await series.pollAll());
    expect(rest).toEqual(all.slice(1_000));
    expect(names((await series.poll()).fired)).toContain('00000-late.csv');
    await series.pollAll();
    expect([...names(series.fired)].sort()).toEqual(['00000-late.csv', ...all].sort());
  });
});

describe('trouble', () => {
  it('says that the folder is missing, and which one', async () => {
    const message = `The folder "${join(home, 'none')}" cannot be read: ENOENT`;
    await expect(watch({ path: join(home, 'none') }).poll()).rejects.toThrow(message);
    drop('file');
    await expect(watch({ path: join(inbox, 'file') }).poll()).rejects.toMatchObject({ code: 'TRG_POLL_SOURCE' });
  });

  it('goes on when the folder is back', async () => {
    const series = watch();
    drop('a.csv');
    renameSync(inbox, join(home, 'away'));
    await expect(series.poll()).rejects.toThrow('cannot be read');
    renameSync(join(home, 'away'), inbox);
    expect(names((await series.poll()).fired)).toEqual(['a.csv']);
  });

  it('stops when the poll is aborted', async () => {
    drop('a.csv');
    await expect(watch().poll({ signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  });

  it('fails the poll when the mapping throws', async () => {
    drop('a.csv');
    const mapped = new DirectorySource({
      path: inbox,
      settle: '0s',
      context: () => {
        throw new Error('no such customer');
      },
    });
    await expect(new PollSeries<object>(mapped, clock).poll()).rejects.toThrow('no such customer');
  });

  it('does not stop at a link that nobody can follow', async () => {
    symlinkSync('x'.repeat(300), join(inbox, 'a.csv'));
    drop('b.csv');
    const series = watch();
    expect(names((await series.poll()).fired)).toEqual(['b.csv']);
    expect((await series.poll()).result.reason).toBe('no new files');
  });

  it('fires the other files where one cannot be looked at, and says which', async () => {
    drop('a.csv', 'b.csv');
    const { lstat } = fs;
    const series = watch();
    jest.spyOn(fs, 'lstat').mockImplementation(((path: string, told: (error: Error) => void) => {
      if (path.endsWith('a.csv')) told(refusal('lstat', path));
      else lstat(path, told as never);
    }) as never);
    expect(names((await series.poll()).fired)).toEqual(['b.csv']);
    for (let poll = 0; poll < 2; poll++)
      expect((await series.poll()).result).toMatchObject({ kind: 'skip', reason: expect.stringContaining('a.csv') });
  });

  it('looks no longer than its time where there are many folders and no files, and goes on there', async () => {
    for (let folder = 100; folder < 300; folder++)
      mkdirSync(join(inbox, 'in', `${folder}`, 'deep'), { recursive: true });
    mkdirSync(join(inbox, 'out'));
    drop('out/a.csv');
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 6_000));
    const series = watch({ recursive: true });
    const first = await series.poll();
    expect(first.result).toMatchObject({ more: true, cursor: { after: expect.stringMatching(/^in\/1/) } });
    series.source = source({ recursive: true });
    expect(names(await series.pollAll())).toEqual(['out/a.csv']);
  });

  it('fires what it can read, and says which folder it cannot', async () => {
    mkdirSync(join(inbox, 'closed'));
    drop('z.csv');
    const { opendir } = files;
    const series = watch({ recursive: true });
    // A mode of 0 keeps root from nothing, and root runs these tests.
    jest.spyOn(files, 'opendir').mockImplementation(async (path, options) => {
      if (String(path).endsWith('closed/')) throw refusal('opendir', 'closed');
      return opendir(path, options);
    });
    expect(names((await series.poll()).fired)).toEqual(['z.csv']);
    // No failed poll: that would end in a suspended trigger, and whoever may drop files could bring it about.
    const reason = "not all of the folder can be read: EACCES: permission denied, opendir 'closed'";
    for (let poll = 0; poll < 2; poll++)
      expect((await series.poll()).result).toMatchObject({ kind: 'skip', reason, cursor: undefined });
  });

  it.each([
    [{ path: '' }, '"path"'],
    [{ pattern: '' }, '"pattern"'],
    [{ pattern: '{a' }, '"pattern"'],
    [{ ignore: '.*' as never }, '"ignore"'],
    [{ on: 'gone' as never }, '"on"'],
    [{ recursive: 1 as never }, '"recursive"'],
    [{ settle: 'soon' as never }, '"settle"'],
  ])('refuses %j as a definition error', (options, named) => {
    expect(() => source(options)).toThrow(named);
  });
});
