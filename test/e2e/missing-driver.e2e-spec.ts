import type { DatabaseOptions } from 'nestjs-triggers';
import { bullMq } from 'nestjs-triggers/bullmq';
import { boot } from '../support/app.js';
import type { TestDatabase } from '../support/database.js';
import { Work } from '../support/work.js';

function notInstalled(name: string): never {
  throw Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
}
jest.mock('pg', () => notInstalled('pg'));
jest.mock('better-sqlite3', () => notInstalled('better-sqlite3'));
jest.mock('bullmq', () => notInstalled('bullmq'));
jest.mock('../support/database.js', () => ({}));

const CASES: readonly [driver: string, options: DatabaseOptions][] = [
  ['better-sqlite3', { type: 'sqlite', path: ':memory:' }],
  ['pg', { type: 'postgres', url: 'postgres://app@127.0.0.1:1/app' }],
];

describe('a database driver that is not installed', () => {
  it.each(CASES)('%s: the application does not start, and the message is the line to type', async (driver, options) => {
    const starting = boot({ database: { options } as TestDatabase, providers: [Work] });
    await expect(starting).rejects.toMatchObject({
      code: 'TRG_DEF_MISSING_DRIVER',
      message: expect.stringContaining(`Install it: npm install ${driver}`),
    });
  });
});

describe('a transport whose packages are not installed', () => {
  it('the application does not start, and the message is the line to type', async () => {
    const options: DatabaseOptions = { type: 'postgres', url: 'postgres://app@127.0.0.1:1/app' };
    const transport = bullMq({ connection: 'redis://127.0.0.1:1' });
    const starting = boot({ database: { options } as TestDatabase, providers: [Work], options: { transport } });
    await expect(starting).rejects.toMatchObject({
      code: 'TRG_DEF_INVALID',
      message: expect.stringContaining('Install them: npm install bullmq ioredis'),
    });
  });
});
