import { endAll, spawnChild } from '../support/child.js';
import type { Child } from '../support/child.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

/** From the statement that ends the execution to the moment after the commit of what follows. */
const CRASHES = [
  'commit:execution_complete:before',
  'commit:follow_up_leave:before',
  'commit:follow_up_leave:after',
  'finish:committed',
  'followUp:commit',
  'commit:follow_up_look:after',
  'commit:follow_up_take:after',
  'followUp:committed',
];

describe.each(DIALECTS)('the end of an execution whose process is killed with -9, on %s', (dialect) => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await newDatabase(dialect);
  });
  afterEach(endAll);

  const start = (environment: Record<string, string> = {}): Child =>
    spawnChild('follower.mjs', { ...database.environment, ...environment });
  const firings = () =>
    database.query(`SELECT f.context, f.state, f.depth, f.caused_by FROM triggers_firing f WHERE f.trigger = 'after'`);
  const untilAllEnded = (executions: number): Promise<unknown> =>
    until(
      async () => {
        const ended = await database.query(`SELECT id FROM triggers_execution WHERE state = 'completed'`);
        const open = await database.query('SELECT id FROM triggers_follow_up');
        return ended.length >= executions && open.length === 0;
      },
      `${executions} executions have ended and every end was followed`,
      30_000,
    );

  // Cloacina case 112
  it.each(CRASHES)('is followed once, killed at %s', async (point) => {
    const dying = start({ CRASH: point });
    await dying.says('ready');
    const answer = dying.call('POST', '/workflows/first/run', { context: {} }).catch(() => undefined);
    expect(await dying.exit()).toMatchObject({ signal: 'SIGKILL' });
    await answer;
    const [{ id } = {}] = await database.query(`SELECT id FROM triggers_execution WHERE workflow = 'first'`);
    start();
    await untilAllEnded(2);
    expect(await firings()).toEqual([
      { context: JSON.stringify({ first: id }), state: 'accepted', depth: expect.anything(), caused_by: id },
    ]);
  });

  it('waits for a process that follows when none does, and is followed by that', async () => {
    const following = start();
    await following.says('ready');
    following.kill('SIGTERM');
    await following.exit();
    // The next version before the roll-out reaches it, or one that was taken back.
    const other = start({ FOLLOWS: 'no' });
    await other.call('POST', '/workflows/first/run', { context: {} });
    await until(
      async () => (await database.query('SELECT id FROM triggers_follow_up WHERE owner IS NULL')).length === 1,
      'the end waits for somebody who follows it',
    );
    other.kill('SIGTERM');
    await other.exit();
    expect(await firings()).toEqual([]);
    start();
    await untilAllEnded(2);
    expect(await firings()).toMatchObject([{ state: 'accepted' }]);
  });
});
