import { Logger } from '@nestjs/common';

type Level = 'log' | 'warn' | 'error';

/** For a block of tests: the logger says nothing, and what it was told in a test is in these. */
export function hushedLogger<L extends Level>(...levels: readonly L[]): Readonly<Record<L, jest.SpyInstance>> {
  const spies = levels.map((level) => [level, hush(level)] as const);
  beforeEach(() => {
    for (const [, spy] of spies) spy.mockClear();
  });
  afterAll(() => {
    for (const [, spy] of spies) spy.mockRestore();
  });
  return Object.fromEntries(spies) as Record<L, jest.SpyInstance>;
}

function hush(level: Level): jest.SpyInstance {
  return jest.spyOn(Logger.prototype, level).mockImplementation(() => undefined);
}
