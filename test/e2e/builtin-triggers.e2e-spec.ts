import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import {
  DirectorySource,
  Task,
  Trigger,
  TriggerResult,
  Workflow,
  directoryTrigger,
  healthTrigger,
  queueDepthTrigger,
} from 'nestjs-triggers';
import type { Poll, TaskContext, TriggerSource } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { AppOptions, TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import { until } from '../support/until.js';

interface FileArrived {
  readonly filename: string;
}

const done: string[] = [];

@Workflow({ name: 'files' })
class Files {
  @Task()
  read(context: TaskContext<FileArrived>) {
    done.push(context.data.filename);
  }
}

@Workflow({ name: 'anything' })
class Anything {
  @Task()
  note(): void {}
}

@Injectable()
class Settings {
  readonly folders = { eins: join(home, 'eins'), zwei: join(home, 'zwei') };
}

@Injectable()
class OwnTriggers {
  readonly #inbox: DirectorySource<FileArrived>;

  constructor({ folders }: Settings) {
    this.#inbox = new DirectorySource({
      path: folders.eins,
      settle: '0s',
      context: ({ name }) => ({ filename: `own ${name}` }),
    });
  }

  @Trigger({ workflow: Files, name: 'own', pollInterval: '20ms', dedup: { for: 'ever' } })
  async inbox(poll: Poll) {
    if (poll.consecutiveFailures > 0) return TriggerResult.skip();
    return this.#inbox.poll(poll);
  }
}

@Trigger({ workflow: Files, pollInterval: '20ms', dedup: { for: 'ever' } })
class ClassTrigger extends DirectorySource<FileArrived> implements TriggerSource<FileArrived> {
  constructor({ folders }: Settings) {
    super({ path: folders.zwei, settle: '0s', context: ({ name }) => ({ filename: `class ${name}` }) });
  }
}

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'builtin-triggers-'));
  for (const folder of ['eins', 'zwei']) mkdirSync(join(home, folder));
  done.length = 0;
});
afterEach(async () => {
  await cleanUp();
  rmSync(home, { recursive: true, force: true });
});

const drop = (...paths: string[]): void => paths.forEach((path) => writeFileSync(join(home, path), path));
const inbox = (name: string, path: string) =>
  directoryTrigger({
    name,
    workflow: Files,
    path,
    pollInterval: '20ms',
    settle: '0s',
    context: (file) => ({ filename: `${name} ${file.name}` }),
  });

/** One of each kind of provider. */
const DECLARED: NonNullable<AppOptions['providers']> = [
  Files,
  Settings,
  { provide: 'inbox', inject: [Settings], useFactory: ({ folders }: Settings) => inbox('injected', folders.eins) },
  {
    provide: 'inboxes',
    inject: [Settings],
    useFactory: ({ folders }: Settings) => Object.entries(folders).map(([name, path]) => inbox(`each_${name}`, path)),
  },
  { provide: 'again', useExisting: 'inbox' },
];

describe.each(DIALECTS)('a trigger that is a value, on %s', (database) => {
  it('is declared by providing it, by a factory or in a list, and polled like any other', async () => {
    drop('eins/a.csv', 'zwei/b.csv');
    const app = await boot({ database, providers: DECLARED });
    await app.ended(3);
    expect([...done].sort()).toEqual(['each_eins a.csv', 'each_zwei b.csv', 'injected a.csv']);
    expect((await app.triggers.list()).map(({ name, kind }) => [name, kind])).toEqual([
      ['each_eins', 'poll'],
      ['each_zwei', 'poll'],
      ['injected', 'poll'],
    ]);
  });

  it('is taken at run time', async () => {
    drop('eins/a.csv');
    const app = await boot({ database, providers: [Files] });
    await app.triggers.register(inbox('late', join(home, 'eins')));
    await app.ended(1);
    expect(done).toEqual(['late a.csv']);
  });

  it('can be asked from a method, or be a class', async () => {
    drop('eins/a.csv', 'zwei/b.csv');
    const app = await boot({ database, providers: [Files, Settings, OwnTriggers, ClassTrigger] });
    await app.ended(2);
    expect([...done].sort()).toEqual(['class b.csv', 'own a.csv']);
  });

  it('fires each file once over a restart, in pages, and what came meanwhile', async () => {
    const own = await newDatabase(database);
    const names = Array.from({ length: 1_300 }, (_, at) => `eins/${String(at).padStart(4, '0')}`);
    drop(...names);
    const providers = [Files, { provide: 'inbox', useValue: inbox('inbox', join(home, 'eins')) }];
    const first = await boot({ database: own, providers });
    await fired(first, 1_300);
    await first.close();
    drop('eins/0000-late', 'eins/9999-late');

    const fresh = [Files, { provide: 'inbox', useValue: inbox('inbox', join(home, 'eins')) }];
    const second = await boot({ database: own, providers: fresh });
    await fired(second, 1_302);
    expect((await second.triggers.poll('inbox')).status).toBe('skipped');
    expect(done).toHaveLength(1_302);
    expect(new Set(done).size).toBe(1_302);
    expect((await second.triggers.get('inbox')).counts).toMatchObject({ fires: 1_302, duplicates: 1_300 });
  }, 60_000);

  it('is overridden per environment, tried out without a trace, and switched', async () => {
    drop('eins/a.csv');
    const useValue = inbox('inbox', join(home, 'eins'));
    const options = { triggers: { inbox: { enabled: false } } };
    const app = await boot({ database, providers: [Files, { provide: 'inbox', useValue }], options });
    expect(await app.triggers.test('inbox')).toMatchObject({ status: 'fired', items: [{ status: 'accepted' }] });
    expect(done).toEqual([]);
    await app.triggers.setEnabled('inbox', true);
    await app.ended(1);
  });
});

/** So many have fired, and what they started is over. */
async function fired(app: TestApp, count: number): Promise<void> {
  await until(async () => (await app.triggers.get('inbox')).counts.fires === count, `${count} files fired`, 30_000);
  await app.kit.drain({ limit: '30s' });
}

it('follows the clock of the application', async () => {
  const clock = new TestClock();
  let down = true;
  const useValue = healthTrigger({
    name: 'shop',
    workflow: 'anything',
    pollInterval: '1m',
    failures: 2,
    check: () => !down,
  });
  const app = await boot({ database: 'sqlite', clock, providers: [Anything, { provide: 'shop', useValue }] });
  for (let poll = 0; poll < 3; poll++) {
    await app.kit.poll('shop');
    await clock.advance(30_000);
  }
  down = false;
  await app.kit.poll('shop');
  await app.kit.drain();
  const contexts = (await app.ended(2)).map(({ context }) => context as object);
  expect(contexts.find((context) => 'downForMs' in context)).toMatchObject({ state: 'up', downForMs: 90_000 });
});

it('tells what is wrong with it together with everything else that is wrong', async () => {
  const providers = [
    Files,
    { provide: 'inbox', useValue: inbox('inbox', '') },
    {
      provide: 'queue',
      useValue: queueDepthTrigger({ name: 'queue', workflow: 'nobody', depth: () => 1, above: 0 }),
    },
    { provide: 'twice', useFactory: () => [inbox('same', 'a'), inbox('same', 'b')] },
  ];
  const refused = await boot({ database: 'sqlite', providers }).catch((error: Error) => error.message);
  expect(refused).toContain('4 definition errors');
  expect(refused).toContain('directoryTrigger("inbox"), option "path" is ""; it takes the path of a folder.');
  expect(refused).toContain('queueDepthTrigger("queue"), option "above" is 0; it takes a number above 0.');
  expect(refused).toContain('Trigger "queue" (queueDepthTrigger("queue")) starts unknown workflow "nobody"');
  expect(refused).toMatch(/"same".*directoryTrigger\("same"\)/);
});

it('is refused at run time with everything that is wrong with it', async () => {
  const app = await boot({ database: 'sqlite', providers: [Files] });
  await expect(app.triggers.register(inbox('inbox', ''))).rejects.toThrow('option "path" is ""');
  await expect(app.triggers.get('inbox')).rejects.toMatchObject({ code: 'TRG_API_TRIGGER_NOT_FOUND' });
});
