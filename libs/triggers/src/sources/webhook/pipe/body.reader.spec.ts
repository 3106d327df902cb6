import { bodyReader } from './body.reader.js';

it('reads a form whose one field stands there as often as a body has room for, at once', () => {
  const times = 500_000;
  const { a } = bodyReader({ bigNumbers: null }).form(Buffer.from('a&'.repeat(times)));
  expect(a).toHaveLength(times);
});

describe('numbers that JavaScript would round', () => {
  const texts = ['12345678901234567890', '1e21', '9007199254740993.0', '-9007199254740993', '1e400', '12E20'];

  it.each(texts)('are refused: %s', (text) => {
    const read = (): unknown => bodyReader({ bigNumbers: null }).json(Buffer.from(`{"a":${text}}`));
    expect(read).toThrow('is an integer beyond');
  });

  it.each(texts)('are text as they were sent, where the trigger wants that: %s', (text) => {
    const { json } = bodyReader({ bigNumbers: 'string' });
    expect(json(Buffer.from(`[${text},"${text}",{"${text}":1.5}]`))).toEqual([text, text, { [text]: 1.5 }]);
  });

  it.each(['9007199254740991', '1e3', '0.1', '-0', '1.0e2'])('are no others: %s', (text) => {
    expect(bodyReader({ bigNumbers: 'string' }).json(Buffer.from(text))).toBe(Number(text));
  });
});
