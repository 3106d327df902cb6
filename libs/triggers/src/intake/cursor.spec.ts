import { cursorToJson } from './cursor.js';

const LABEL = 'Inbox.poll returned';

describe('cursorToJson', () => {
  it.each([
    [null, 'null'],
    [5, '5'],
    ['a', '"a"'],
    [[1, { a: 2 }], '[1,{"a":2}]'],
    [{ at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
  ])('writes %j', (cursor, json) => {
    expect(cursorToJson(cursor, LABEL)).toBe(json);
  });

  it('takes 64 KiB and refuses one byte more', () => {
    expect(cursorToJson('x'.repeat(65_534), LABEL)).toHaveLength(65_536);
    expect(() => cursorToJson('x'.repeat(65_535), LABEL)).toThrow(
      expect.objectContaining({
        code: 'TRG_POLL_CURSOR',
        message: expect.stringContaining(LABEL),
        cause: expect.objectContaining({ code: 'TRG_CONTEXT_TOO_LARGE' }),
      }),
    );
  });

  it.each([[() => 1], [Number.NaN], [new Map()], [10n], ['\u0000'], [{ a: { b: Symbol('x') } }]])(
    'refuses what JSON cannot carry',
    (cursor) => {
      expect(() => cursorToJson(cursor, LABEL)).toThrow(expect.objectContaining({ code: 'TRG_POLL_CURSOR' }));
    },
  );
});
