import { endAll, spawnChild } from '../support/child.js';
import { DIALECTS, newDatabase } from '../support/database.js';

describe.each(DIALECTS)('a process that is done, on %s', (dialect) => {
  afterEach(endAll);

  const run = async (environment: Record<string, string> = {}) => {
    const database = await newDatabase(dialect);
    return spawnChild('exits.mjs', { ...database.environment, ...environment });
  };

  // Cloacina case 45, Cloacina case 60
  it('ends by itself after app.close(): no timer, socket or connection is left', async () => {
    const child = await run();
    expect(await child.says('state')).toBe('completed');
    await child.says('closed');
    expect(await child.exit(2_000)).toEqual({ code: 0, signal: null });
    expect(child.stderr).toBe('');
  });

  it.each([
    ['a definition is wrong', 'workflow', 'TRG_DEF_INVALID'],
    ['the database cannot be opened', 'database', 'TRG_STORE_PATH'],
  ])('ends by itself when %s', async (_why, broken, code) => {
    const child = await run({ BROKEN: broken });
    expect(await child.says('refused')).toBe(code);
    expect(await child.exit(2_000)).toEqual({ code: 0, signal: null });
  });
});
