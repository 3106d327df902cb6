import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBus } from '../../model/events.js';
import type { TriggersEvent } from '../../model/events.js';
import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { TestClock } from '../../testing/test-clock.js';
import { resolveDatabaseOptions } from '../database.options.js';
import { nodeOf } from '../contract/work.contract.js';
import { registerNode } from '../node.repository.js';
import { Store } from '../store.service.js';

describe('a SQLite file that disappears under a running process', () => {
  let folder: string;
  let path: string;
  let store: Store;
  let clock: TestClock;
  const told: TriggersEvent[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-sqlite-'));
    path = join(folder, 'triggers.db');
    clock = new TestClock();
    const events = new EventBus(
      () => clock.now(),
      () => undefined,
    );
    told.length = 0;
    events.subscribe((event) => told.push(event));
    store = new Store(resolveDatabaseOptions({ type: 'sqlite', path, commitDeadline: '1s' }), clock, events);
    await store.open();
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const commit = (): Promise<unknown> =>
    store.change(() => registerNode(nodeOf({ id: newId<NodeId>(), name: 'node', leaseMs: 1_000 })));
  const outcome = (committed: Promise<unknown>): Promise<unknown> =>
    committed.then(
      () => 'committed',
      (error: unknown) => (error as { code: unknown }).code,
    );

  it.each([
    ['deleted', () => unlinkSync(path)],
    [
      'replaced by another',
      () => {
        renameSync(path, `${path}.old`);
        writeFileSync(path, '');
      },
    ],
  ])('is no place to commit to: nothing is acknowledged once it is %s', async (_what, take) => {
    await commit();
    take();
    const waiting = outcome(commit());
    await clock.advance(1_500);
    expect(await waiting).toBe('TRG_STORE_UNAVAILABLE');
    expect(told).toMatchObject([
      { name: 'store.away', error: expect.stringContaining(`"${path}" was removed or replaced`) },
    ]);
  });

  it('is written again when it is put back', async () => {
    renameSync(path, `${path}.away`);
    const waiting = outcome(commit());
    await clock.advance(200);
    renameSync(`${path}.away`, path);
    await clock.advance(500);
    expect(await waiting).toBe('committed');
  });
});
