import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Task, WebhookTrigger, Workflow, hmac } from 'nestjs-triggers';
import type { PostgresDatabaseOptions, TaskContext } from 'nestjs-triggers';
import { PostgresServer } from '../../bench/harness/postgres.js';
import { limitedFiles } from '../chaos/world/full-disk.js';
import { AnswerWatch } from '../support/answer-watch.js';
import { boot } from '../support/app.js';
import { endAll, spawnChild } from '../support/child.js';
import type { Child } from '../support/child.js';
import { DIALECTS, databaseAt, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { newFolder } from '../support/folder.js';
import { Proxy } from '../support/proxy.js';
import { SENDERS, Storm, completed, expectEachOnce } from '../support/storm.js';
import { until } from '../support/until.js';
import { SECRET, SIGNATURE } from '../support/webhooks.js';

const EVENTS = 400;
/** Enough for a storm to last until trouble has come. */
const LONG_STORM = 1_200;
/** Enough acknowledged events for the storm to be in full swing. */
const IN_FULL_SWING = 80;
/** No sender waits longer for the database. */
const COMMIT_DEADLINE_MS = 2_000;

let ran: string[] = [];

@Workflow({ name: 'work' })
class Work {
  @Task()
  run(context: TaskContext<{ id: string }>): void {
    ran.push(context.data.id);
  }
}

@Injectable()
class Webhooks {
  @WebhookTrigger({
    workflow: 'work',
    path: 'incoming',
    verify: hmac({ header: SIGNATURE, secret: SECRET }),
    dedupKey: ({ id }: { id: string }) => id,
  })
  incoming(): void {}
}

const providers = [Work, Webhooks];

function nodeOf(database: TestDatabase, name = 'one'): Child {
  const effects = join(newFolder(), 'effects');
  const environment = { ...database.environment, SECRET, SIGNATURE, EFFECTS: effects, LEASE: '1s', NODE_NAME: name };
  return spawnChild('webhooks.mjs', environment);
}

/**
 * Every sender that still has events gets an answer while the trouble lasts: none of them is kept waiting for its end, as vendors would be,
 * who give up after seconds. That it is two of them, and no moment more, is proved by a clock of the tests: commit-deadline.spec.ts.
 */
function everyoneIsRefused(storm: Storm): Promise<unknown> {
  return until(() => storm.spared.length === 0, 'every sender is refused', 60_000);
}

/** 503 and Retry-After. */
function expectToldToComeAgain({ refused }: Storm): void {
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
  expect(refused.filter(({ headers }) => !(Number(headers['retry-after']) > 0))).toEqual([]);
}

describe('a storm of webhooks', () => {
  let afterwards: (() => Promise<void> | void)[];

  beforeEach(() => {
    ran = [];
    afterwards = [];
  });
  afterEach(async () => {
    await endAll();
    for (const end of afterwards) await end();
  });

  it('loses and doubles nothing while Postgres crashes, stays away and comes back', async () => {
    const server = await PostgresServer.start();
    const proxy = await Proxy.to(server.url);
    afterwards.push(
      () => proxy.close(),
      () => server.stop(),
    );
    const database = await newDatabase('postgres', server.url);
    const options = { ...database.options, url: proxy.url } as PostgresDatabaseOptions;
    const app = await boot({ database: { ...database, options }, providers });
    const answers = new AnswerWatch(app.nest.getHttpServer() as Server);
    afterwards.push(() => answers.end());
    const storm = new Storm({ urls: [app.url], path: 'incoming', events: LONG_STORM });
    await until(() => storm.acknowledged.size >= IN_FULL_SWING, 'the storm is in full swing');
    proxy.cut();
    await server.crash();
    await everyoneIsRefused(storm);
    const during = storm.acknowledged.size;
    proxy.mend();
    await storm.over;
    expectToldToComeAgain(storm);
    expect(answers.longestMs(503)).toBeLessThanOrEqual(COMMIT_DEADLINE_MS);
    expect(during).toBeLessThan(LONG_STORM);
    expectEachOnce([storm], await completed(app.database, 'incoming', LONG_STORM));
  }, 120_000);

  it('loses and doubles nothing while the disk of SQLite is full', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'database'));
    const database = databaseAt(join(folder, 'database', 'triggers.db'));
    const node = nodeOf(database);
    const disk = limitedFiles(folder);
    const storm = new Storm({ urls: [String(await node.says('ready'))], path: 'incoming', events: LONG_STORM });
    await until(() => storm.acknowledged.size >= IN_FULL_SWING, 'the storm is in full swing');
    disk.fill(node);
    await everyoneIsRefused(storm);
    disk.free(node);
    await storm.over;
    expectToldToComeAgain(storm);
    expectEachOnce([storm], await completed(database, 'incoming', LONG_STORM));
  }, 120_000);

  it('goes on with the other node when one of two is killed with -9, and every event is one execution', async () => {
    const database = await newDatabase('postgres');
    const nodes = [nodeOf(database, 'one'), nodeOf(database, 'two')] as const;
    const urls = await Promise.all(nodes.map(async (node) => String(await node.says('ready'))));
    const storm = new Storm({ urls, path: 'incoming', events: LONG_STORM });
    await until(() => storm.acknowledged.size >= IN_FULL_SWING, 'the storm is in full swing');
    nodes[0].kill('SIGKILL');
    expect(await nodes[0].exit()).toMatchObject({ signal: 'SIGKILL' });
    await storm.over;
    expect(storm.unanswered).toBeGreaterThan(0);
    expectEachOnce([storm], await completed(database, 'incoming', LONG_STORM));
  }, 120_000);

  it.each(DIALECTS)(
    'is held while an operator has disabled the trigger, and what is held starts in its order when it is enabled, on %s',
    async (dialect) => {
      const app = await boot({ database: dialect, providers, options: { worker: { concurrency: 1 } } });
      const storm = new Storm({ urls: [app.url], path: 'incoming', events: EVENTS });
      await until(() => storm.acknowledged.size >= IN_FULL_SWING, 'the storm is in full swing');
      await app.triggers.setEnabled('incoming', false);
      const isHeld = () => [...storm.acknowledged.values()].filter(({ status }) => status === 202).length;
      await until(() => isHeld() >= IN_FULL_SWING, 'deliveries are held');
      await app.triggers.setEnabled('incoming', true);
      await storm.over;
      expect(storm.refused).toEqual([]);
      const started = await completed(app.database, 'incoming', EVENTS);
      expectEachOnce([storm], started);
      const held = new Set([...storm.acknowledged].filter(([, { status }]) => status === 202).map(([id]) => id));
      const ofHeld = (ids: readonly string[]) => ids.filter((id) => held.has(id));
      expect(ofHeld(ran)).toEqual(ofHeld(started.map(({ id }) => id)));
      // Whoever was told that one event is kept before the next one was sent sees them start in that order.
      for (let sender = 0; sender < SENDERS; sender += 1) {
        const sent = ofHeld(storm.ofSender(sender));
        expect(ofHeld(ran).filter((id) => sent.includes(id))).toEqual(sent);
      }
    },
    120_000,
  );
});
