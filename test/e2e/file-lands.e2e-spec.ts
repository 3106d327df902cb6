import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';
import { PLATFORMS, boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { until } from '../support/until.js';

interface FileArrived {
  readonly filename: string;
}

const told: string[] = [];

@Workflow({ name: 'file_processor', description: 'Process incoming files' })
class FileProcessor {
  @Task({ id: 'validate_file', onSuccess: (task: string) => told.push(`${task} succeeded`) })
  async validateFile(context: TaskContext<FileArrived>) {
    return { validated: context.data.filename.endsWith('.csv') };
  }

  @Task({ id: 'process_file', dependencies: ['validate_file'] })
  async processFile(context: TaskContext<FileArrived & { validated: boolean }>) {
    told.push(`${context.data.filename} processed`);
    return { processed: context.data.validated };
  }
}

let inbox: string;

@Injectable()
class InboxTriggers {
  @Trigger({ workflow: FileProcessor, name: 'file_watcher', pollInterval: '20ms', dedup: { for: 'ever' } })
  async fileWatcher(poll: Poll<{ polls: number }>): Promise<TriggerResult<FileArrived>> {
    const files = readdirSync(inbox).map((name) => ({ name, ...statSync(join(inbox, name)) }));
    if (files.length === 0) return TriggerResult.skip('inbox is empty');
    return TriggerResult.fireMany(
      files.map(({ name, size }) => ({ context: { filename: name }, dedupKey: `${name}:${size}` })),
      { cursor: { polls: Math.min((poll.cursor?.polls ?? 0) + 1, 3) } },
    );
  }
}

describe.each(DIALECTS)('a file that lands, on %s', (database) => {
  beforeEach(() => {
    inbox = mkdtempSync(join(tmpdir(), 'nestjs-triggers-inbox-'));
    told.length = 0;
  });
  afterEach(async () => {
    await cleanUp();
    rmSync(inbox, { recursive: true, force: true });
  });

  const land = (...names: string[]): void => names.forEach((name) => writeFileSync(join(inbox, name), name));
  const polls = async (app: TestApp): Promise<number> => (await app.get('/file_watcher')).counts.polls as number;

  describe.each(PLATFORMS)('and %s', (platform) => {
    it('is processed once, and the history tells the story', async () => {
      const app = await boot({ database, platform, providers: [FileProcessor, InboxTriggers] });
      await until(async () => (await polls(app)) > 2, 'it polls an empty inbox');
      land('a.csv', 'b.csv', 'c.txt');
      await app.ended(3);
      land('d.csv');
      const executions = await app.ended(4);
      const seen = await polls(app);
      await until(async () => (await polls(app)) > seen + 3, 'it polls the same files again');

      expect(await app.ended(4)).toHaveLength(4);
      expect(executions.map(({ state, workflow, trigger }) => [state, workflow, trigger])).toEqual(
        Array(4).fill(['completed', 'file_processor', 'file_watcher']),
      );
      expect(told.filter((line) => line.endsWith('processed')).sort()).toEqual(
        ['a.csv', 'b.csv', 'c.txt', 'd.csv'].map((name) => `${name} processed`),
      );
      await tellsTheStory(app);
    });
  });

  it('is not processed again after a restart', async () => {
    const first = await boot({ database, providers: [FileProcessor, InboxTriggers] });
    land('a.csv');
    await first.ended(1);
    await first.close();

    const second = await boot({ database: first.database, providers: [FileProcessor, InboxTriggers] });
    const before = await polls(second);
    land('b.csv');
    await second.ended(2);
    await until(async () => (await polls(second)) > before + 3, 'it polls both files');
    expect(told.filter((line) => line === 'a.csv processed')).toHaveLength(1);
    expect((await second.get('/file_watcher')).cursor).toEqual({ polls: 3 });
  });
});

async function tellsTheStory(app: TestApp): Promise<void> {
  const [trigger] = (await app.get()).items;
  expect(trigger).toMatchObject({
    name: 'file_watcher',
    kind: 'poll',
    workflows: ['file_processor'],
    enabled: true,
    state: 'active',
    pollInterval: '20ms',
    consecutiveFailures: 0,
    lastError: null,
    counts: { fires: expect.any(Number), failures: 0 },
  });
  expect(trigger.counts.duplicates).toBeGreaterThan(3);

  const firings = (await app.get('/file_watcher/firings')).items;
  expect(firings).toHaveLength(4);
  expect(firings[0]).toMatchObject({ state: 'accepted', kind: 'poll', context: { filename: 'd.csv' } });
  expect(firings[0].executionIds).toHaveLength(1);
  await until(
    async () => (await app.get('/file_watcher/firings')).items.every((firing: any) => firing.duplicates > 0), // eslint-disable-line @typescript-eslint/no-explicit-any -- as the API answers
    'duplicates are counted on the original',
  );

  const ticks = (await app.get('/file_watcher/ticks')).items;
  expect(ticks.map(({ outcome }: { outcome: string }) => outcome)).toEqual(
    expect.arrayContaining(['fired', 'skipped']),
  );
  expect(ticks.at(-1)).toMatchObject({ outcome: 'skipped', reason: 'inbox is empty' });
  const fired = ticks.filter(({ outcome }: { outcome: string }) => outcome === 'fired');
  expect(fired.flatMap(({ firingIds }: { firingIds: string[] }) => firingIds).sort()).toEqual(
    firings.map(({ id }: { id: string }) => id).sort(),
  );

  const executions = (await app.get('/file_watcher/executions')).items;
  const detail = await app.get(`/executions/${executions[0].id}`);
  expect(detail).toMatchObject({
    input: { filename: 'd.csv' },
    result: { validated: true, processed: true },
    firing: { id: firings[0].id },
    tasks: [
      {
        task: 'validate_file',
        state: 'completed',
        attempt: 1,
        output: { validated: true },
        callbacks: [{ kind: 'onSuccess', state: 'completed' }],
      },
      { task: 'process_file', state: 'completed', dependencies: ['validate_file'], output: { processed: true } },
    ],
  });
}
