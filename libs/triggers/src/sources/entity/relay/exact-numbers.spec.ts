import { exactNumbers } from './exact-numbers.js';

describe('the exact numbers of a row', () => {
  it.each<[string, string, [string, string][]]>([
    ['what JavaScript would round', '{"a":9007199254740993}', [['a', '9007199254740993']]],
    ['the places of a decimal', '{"a":12.50,"b":12.5}', [['a', '12.50']]],
    ['negative ones', '{"a":-9007199254740993}', [['a', '-9007199254740993']]],
    ['other ways to write one', '{"a":1e3,"b":1000}', [['a', '1e3']]],
    ['nothing of what is nested', '{"a":{"b":12.50},"c":[12.50,{"d":12.50}],"e":1.0}', [['e', '1.0']]],
    ['nothing of texts', '{"a":"12.50","12.50":"{\\"b\\":1.0, 2.0}","c\\\\":"\\\\"}', []],
    ['keys with quotes', '{"a \\"b\\"":1.0}', [['a "b"', '1.0']]],
    ['nothing of what is no number', '{"a":true,"b":null,"c":"x"}', []],
  ])('are %s', (_what, json, expected) => {
    expect([...exactNumbers(json)]).toEqual(expected);
  });
});
