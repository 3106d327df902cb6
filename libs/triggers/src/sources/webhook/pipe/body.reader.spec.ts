import fc from 'fast-check';
import { runs } from '../../../testing/properties.contract.js';
import { bodyReader } from './body.reader.js';

const plain = bodyReader({ bigNumbers: null });
const asText = bodyReader({ bigNumbers: 'string' });
const json = (text: string | Buffer) => plain.json(Buffer.from(text));

describe('the body of a delivery', () => {
  it('is the JSON that was sent', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/\d{16}|\de\+?\d{2}/i.test(text));
        const expected: unknown = JSON.parse(text);
        expect(json(text)).toEqual(expected);
        expect(asText.json(Buffer.from(text))).toEqual(expected);
      }),
      runs(200),
    );
  });

  it.each([
    ['', 'is no JSON'],
    ['{"a":1', 'is no JSON'],
    ["{'a':1}", 'is no JSON'],
    [Buffer.from([0x22, 0xff, 0x22]), 'is not in UTF-8'],
    [`{"a":{"b":[9007199254740993]}}`, '(payload).a.b.0 is an integer beyond'],
    [`${'['.repeat(65)}${']'.repeat(65)}`, 'is nested deeper than 64 levels'],
    ['['.repeat(500_000), 'is no JSON'],
    [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'is nested deeper than 64 levels'],
  ])('is refused where it cannot be read (case %#)', (text, problem) => {
    expect(() => json(text)).toThrow(problem);
  });

  it('may begin with a mark of its byte order', () => {
    expect(json(Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))).toEqual({});
  });

  it('has integers that would be rounded as texts where the trigger wants that, and nothing else', () => {
    const text = '{"id":9007199254740993,"n":[-12345678901234567890,1.5,9007199254740991],"t":"\\"9007199254740993"}';
    expect(asText.json(Buffer.from(text))).toEqual({
      id: '9007199254740993',
      n: ['-12345678901234567890', 1.5, 9007199254740991],
      t: '"9007199254740993',
    });
  });

  it('is an object of its fields where it is a form', () => {
    expect(plain.form(Buffer.from('a=1&b=%C3%A9+x&a=2&__proto__=y'))).toEqual(
      JSON.parse('{"a":["1","2"],"b":"é x","__proto__":"y"}'),
    );
  });
});
