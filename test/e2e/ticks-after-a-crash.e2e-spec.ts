import { endAll, spawnChild } from '../support/child.js';
import type { Child } from '../support/child.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const EVERY_MS = 1_000;
/** Several processes start, and seconds are waited for. */
const TIMEOUT_MS = 90_000;
/** Of the second tick: the first commit of the schedule starts its clock. */
const NTH = '3';
/** From the call of the method to the moment after the commit of the tick. */
const CRASHES = ['poll:returned', 'commit:poll_write:before', 'commit:poll_write:after', 'poll:committed'];

describe.each(DIALECTS)('a schedule whose process is killed with -9, on %s', (dialect) => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await newDatabase(dialect);
  });
  afterEach(endAll);

  const start = (name: string, environment: Record<string, string> = {}): Child =>
    spawnChild('ticking.mjs', { ...database.environment, NODE_NAME: name, ...environment });
  const ticks = async (): Promise<number[]> => {
    const rows = await database.query('SELECT scheduled_for FROM triggers_firing ORDER BY scheduled_for, id');
    return rows.map((row) => new Date(row['scheduled_for'] as string | Date).getTime());
  };
  const untilTicks = (count: number): Promise<unknown> =>
    until(async () => (await ticks()).length >= count, `${count} ticks have fired`, 30_000);
  const owner = async (): Promise<unknown> => {
    const [row] = await database.query('SELECT n.name FROM triggers_trigger t JOIN triggers_node n ON n.id = t.owner');
    return row?.['name'];
  };

  /** Every tick since the first, once, and one execution of each. */
  const expectEveryTick = async (): Promise<void> => {
    const fired = await ticks();
    expect(fired).toEqual(fired.map((_, index) => (fired[0] as number) + index * EVERY_MS));
    const firings = await database.query(`SELECT id FROM triggers_firing WHERE state = 'accepted'`);
    expect(firings).toHaveLength(fired.length);
    const executions = await database.query('SELECT firing_id FROM triggers_execution');
    expect(new Set(executions.map((row) => row['firing_id']))).toEqual(new Set(firings.map((row) => row['id'])));
    expect(executions).toHaveLength(firings.length);
  };
  const stop = async (child: Child): Promise<void> => {
    child.kill('SIGTERM');
    await child.exit();
  };

  it(
    'goes on with the next tick on another process, when its owner dies between two',
    async () => {
      const nodes = [start('one'), start('two')];
      await Promise.all(nodes.map((node) => node.says('ready')));
      await untilTicks(2);
      const [dying, staying] = ((await owner()) === 'one' ? nodes : nodes.reverse()) as [Child, Child];
      dying.kill('SIGKILL');
      await dying.exit();
      const before = (await ticks()).length;
      await untilTicks(before + 4);
      await stop(staying);
      await expectEveryTick();
    },
    TIMEOUT_MS,
  );

  it.each(CRASHES)(
    'loses no tick and fires none twice, killed at %s',
    async (point) => {
      const dying = start('one', { CRASH: point, NTH });
      // Who is alone has the schedule, and keeps it when another one comes.
      await dying.says('called');
      const staying = start('two');
      expect(await dying.exit(30_000)).toMatchObject({ signal: 'SIGKILL' });
      const before = (await ticks()).length;
      await untilTicks(before + 3);
      await stop(staying);
      await expectEveryTick();
    },
    TIMEOUT_MS,
  );

  it(
    'catches up what came while no process ran',
    async () => {
      const dying = start('one');
      await dying.says('ready');
      await untilTicks(1);
      dying.kill('SIGKILL');
      await dying.exit();
      const [before] = (await ticks()).slice(-1) as [number];
      await until(() => Date.now() > before + 3.5 * EVERY_MS, 'three ticks have come', 10_000);
      const again = start('two');
      await until(
        async () => ((await ticks()).at(-1) as number) > before + 3 * EVERY_MS,
        'a tick after those was fired',
        30_000,
      );
      await stop(again);
      const called = again.told.flatMap((line) => ('called' in line ? [Date.parse(String(line['called']))] : []));
      expect(called.slice(0, 3)).toEqual([1, 2, 3].map((number) => before + number * EVERY_MS));
      await expectEveryTick();
    },
    TIMEOUT_MS,
  );
});
