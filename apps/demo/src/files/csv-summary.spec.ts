import { once } from 'node:events';
import { createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokenCsvError, summariseCsv } from './csv-summary.js';

describe('summariseCsv', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'csv-summary-'));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  function summarise(text: string | Buffer, signal = new AbortController().signal) {
    const path = join(home, 'given.csv');
    writeFileSync(path, text);
    return summariseCsv(path, signal);
  }

  it.each([
    [
      'adds up columns of numbers',
      'a,b\n1,2.5\n-3,1e2\n',
      { rows: 2, columns: ['a', 'b'], totals: { a: -2, b: 102.5 } },
    ],
    ['shows decimal sums as people write them', 'a\n0.1\n0.2\n', { rows: 2, columns: ['a'], totals: { a: 0.3 } }],
    ['leaves out a column with one word in it', 'a,b\n1,2\nx,3\n', { rows: 2, columns: ['a', 'b'], totals: { b: 5 } }],
    ['does not count empty fields', 'a,b\n1,\n,\n', { rows: 2, columns: ['a', 'b'], totals: { a: 1 } }],
    [
      'reads quotes, a byte order mark and empty lines',
      '\ufeffa\r\n"1"\r\n\r\n',
      { rows: 1, columns: ['a'], totals: { a: 1 } },
    ],
    ['takes a header alone', 'a,b\n', { rows: 0, columns: ['a', 'b'], totals: {} }],
    ['takes an empty file', '', { rows: 0, columns: [], totals: {} }],
  ])('%s', async (_title, text, summary) => {
    expect(await summarise(text)).toEqual(summary);
  });

  it('keeps a column of any name', async () => {
    const { totals } = await summarise('__proto__,a\n1,2\n');
    expect(Object.entries(totals)).toEqual([
      ['__proto__', 1],
      ['a', 2],
    ]);
  });

  it.each([
    ['a row that is too short', 'a,b\n1\n', /expect 2, got 1 on line 2/],
    ['a quote that is never closed', 'a\n"1\n', /Quote Not Closed/],
    ['a column that is named twice', 'a,a\n1,2\n', /"a" twice/],
    ['bytes that are no text', Buffer.from([0x50, 0x4b, 0, 0]), /not text/],
  ])('refuses %s', async (_title, text, message) => {
    const summary = summarise(text);
    await expect(summary).rejects.toThrow(message);
    await expect(summary).rejects.toBeInstanceOf(BrokenCsvError);
  });

  it('stops when it is told to', async () => {
    await expect(summarise('a\n1\n', AbortSignal.abort())).rejects.toThrow('aborted');
  });

  it('leaves no file open when it was told to stop before it began', async () => {
    writeFileSync(join(home, 'other.csv'), 'a\n');
    const before = await openFiles(join(home, 'other.csv'));
    for (let time = 0; time < 5; time++)
      await expect(summarise('a\n1\n', AbortSignal.abort())).rejects.toThrow('aborted');
    expect(await openFiles(join(home, 'other.csv'))).toBe(before);
  });
});

/** How many files are open once this one was opened, read and closed: what was under way before is done by then. */
async function openFiles(path: string): Promise<number> {
  await once(createReadStream(path).resume(), 'close');
  return readdirSync('/dev/fd').length;
}
