import { snakeCase } from './snake-case.js';

describe('snakeCase', () => {
  it.each([
    ['validateFile', 'validate_file'],
    ['validate_file', 'validate_file'],
    ['step2Run', 'step2_run'],
    ['URLWatcher', 'url_watcher'],
    ['parseURL', 'parse_url'],
    ['aBC', 'a_bc'],
    ['$readAll', '$read_all'],
  ])('turns %s into %s, as its type says', (name, expected) => {
    expect(snakeCase(name)).toBe(expected);
  });
});
