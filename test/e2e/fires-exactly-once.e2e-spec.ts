import { join } from 'node:path';
import { endAll, spawnChild } from '../support/child.js';
import type { Child } from '../support/child.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import { newFolder } from '../support/folder.js';
import { until } from '../support/until.js';

const NUMBERS = 240;
/** Numbers that are fired when the process is killed. */
const KILLS = [30, 90, 150];

describe.each(DIALECTS)(
  'a poll that goes on from its cursor, in a process that is killed with -9, on %s',
  (dialect) => {
    afterEach(endAll);

    it('fires everything, and nothing twice', async () => {
      const database = await newDatabase(dialect);
      const effects = join(newFolder(), 'effects');
      const start = (): Child =>
        spawnChild('worker.mjs', { ...database.environment, EFFECTS: effects, COUNT: String(NUMBERS), LEASE: '1s' });
      const fired = async (): Promise<number> =>
        Number((await database.query('SELECT count(*) AS n FROM triggers_firing'))[0]?.['n']);

      let child = start();
      await child.says('ready');
      for (const numbers of KILLS) {
        await until(async () => (await fired()) >= numbers, `${numbers} numbers are fired`, 60_000);
        child.kill('SIGKILL');
        await child.exit();
        expect(await fired()).toBeLessThan(NUMBERS);
        child = start();
        await child.says('ready');
      }
      await until(async () => (await fired()) >= NUMBERS, 'all numbers are fired', 60_000);
      const executions = await until(
        async () => {
          const { items } = await child.call('GET', '/numbers/executions?limit=1000');
          return items.every(({ state }: { state: string }) => state === 'completed') && items;
        },
        'every execution is completed',
        60_000,
      );

      const numbers = executions.map(({ context }: { context: { n: number } }) => context.n);
      expect(numbers.sort((a: number, b: number) => a - b)).toEqual([...Array(NUMBERS).keys()]);
      expect(await child.call('GET', '/numbers')).toMatchObject({ cursor: NUMBERS, counts: { fires: NUMBERS } });
    }, 180_000);
  },
);
