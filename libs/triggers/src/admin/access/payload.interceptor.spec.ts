import { withoutPayloads } from './payload.interceptor.js';

describe('hiding payloads', () => {
  it('hides them at every level, says so where something was hidden, and leaves the rest', () => {
    const answer = {
      items: [
        { id: 1, context: { a: 1 }, contextPreview: '{"a":' },
        { id: 2, context: null },
      ],
      tasks: [{ output: { secret: 1 }, error: null }],
      input: { a: 1 },
      result: {},
      cursor: 3,
      next: 'n',
    };
    expect(withoutPayloads(answer)).toEqual({
      items: [
        { id: 1, context: null, contextPreview: null, payloadsHidden: true },
        { id: 2, context: null },
      ],
      tasks: [{ output: null, error: null, payloadsHidden: true }],
      input: null,
      result: null,
      cursor: null,
      next: 'n',
      payloadsHidden: true,
    });
    expect(answer.input).toEqual({ a: 1 });
  });

  it('lets other answers pass', () => {
    expect([undefined, null, 3, 'x'].map(withoutPayloads)).toEqual([undefined, null, 3, 'x']);
  });
});
