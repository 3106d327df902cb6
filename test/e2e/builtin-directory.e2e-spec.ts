import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DirectorySource } from 'nestjs-triggers';
import type { FoundFile, Poll } from 'nestjs-triggers';
import { TestClock, pollOf } from 'nestjs-triggers/testing';

const FILES = 100_000;
const MIB = 1_048_576;
/** What is in use besides Jest may grow by so much: 400 bytes for each file, of which none is kept whole. */
const MOST_MIB = 40;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is in use once everything that can go is gone. */
function heapMiB(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / MIB;
}

/** Polls a folder and keeps nothing of what is found but a mark for each file. */
class Counted {
  readonly seen = new Uint8Array(FILES);
  cursor: unknown = undefined;
  largestCursor = 0;
  polls = 0;
  mostMiB = 0;
  source: DirectorySource;

  constructor(
    readonly path: string,
    readonly clock: TestClock,
  ) {
    this.source = new DirectorySource({ path });
  }

  async poll(): Promise<{ readonly fresh: number; readonly found: number; readonly more: boolean }> {
    const given: Partial<Poll> = { now: new Date(this.clock.now()) };
    const poll = pollOf({ ...given, ...(this.cursor !== undefined && { cursor: this.cursor }) });
    const { items, cursor, more } = await this.source.poll(poll);
    const fresh = items.filter(({ context }) => this.#count(numberOf(context)) === 1).length;
    if (cursor !== undefined) this.cursor = cursor;
    this.largestCursor = Math.max(this.largestCursor, JSON.stringify(cursor ?? null).length);
    this.polls += 1;
    if (this.polls % 25 === 1) this.mostMiB = Math.max(this.mostMiB, heapMiB());
    return { fresh, found: items.length, more };
  }

  /** How often that file was found by now. */
  #count(file: number): number {
    return (this.seen[file] = (this.seen[file] ?? 0) + 1);
  }

  /** Polls as a running application does, at once while there is more, until the folder was gone through. */
  async round(): Promise<{ readonly fresh: number; readonly found: number }> {
    const sum = { fresh: 0, found: 0 };
    for (let more = true; more;) {
      const polled = await this.poll();
      sum.fresh += polled.fresh;
      sum.found += polled.found;
      more = polled.more;
    }
    return sum;
  }
}

function numberOf(file: FoundFile | undefined): number {
  return Number(file?.name.slice(0, -4));
}

describe('a folder of 100,000 files', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'many-files-'));
    mkdirSync(join(home, 'inbox'));
    for (let file = 0; file < FILES; file++) writeFileSync(join(home, 'inbox', `${file}.csv`), '');
  }, 60_000);
  afterEach(() => rmSync(home, { recursive: true }), 60_000);

  it('fires each of them once, also those that have just come, in bounded memory and with a small cursor', async () => {
    const before = heapMiB();
    const counted = new Counted(join(home, 'inbox'), new TestClock(new Date()));

    for (let fresh = 0; fresh < FILES; await counted.clock.advance(30_000)) fresh += (await counted.round()).fresh;
    expect(counted.seen.every((times) => times === 1)).toBe(true);
    expect(counted.largestCursor).toBeLessThan(200);

    // Nothing is offered again that is known, and a change is found among all of them.
    writeFileSync(join(home, 'inbox', '77777.csv'), 'changed');
    // However long this has taken: ten minutes from now every file is old.
    counted.clock.set(new Date(Date.now() + 600_000));
    expect((await counted.round()).found).toBe(1);
    expect((await counted.round()).found).toBe(0);

    // A process that has just started offers all of them once more: the dedup table knows them.
    counted.source = new DirectorySource({ path: counted.path });
    expect(await counted.round()).toEqual({ fresh: 0, found: FILES });
    expect(counted.mostMiB - before).toBeLessThan(MOST_MIB);
  }, 240_000);
});
