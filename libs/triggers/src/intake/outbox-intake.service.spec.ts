import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { DATABASES, gate } from '../engine/engine.contract.js';
import { MAX_DEPTH, causedBy } from '../model/causation.js';
import { TriggersError } from '../model/errors.js';
import { newId } from '../model/ids.js';
import type { ExecutionId } from '../model/ids.js';
import { rowsOf } from '../store/contract/kit.contract.js';
import type { Row } from '../store/dialects/batch.js';
import type { Store } from '../store/store.service.js';
import type { FireOutcome } from './fire.types.js';
import { keyOfContext } from './dedup-key.js';
import { ran, useIntake } from './intake.contract.js';
import { OUTBOX_KEY_MS, OutboxIntake } from './outbox-intake.service.js';
import type { OutboxFiring } from './outbox-intake.service.js';
import type { TriggerDefinition } from './trigger.definition.js';

describe.each(DATABASES)('what an outbox holds, on %s', (database) => {
  const h = useIntake(database);
  const orders = (given: Partial<TriggerDefinition> = {}): TriggerDefinition =>
    h().trigger({ kind: 'entity', dedup: { scope: 'off' }, ...given });
  const row = (key: string, item: object = {}, given: Partial<OutboxFiring> = {}): OutboxFiring => ({
    trigger: orders(),
    key,
    what: { kind: 'fire', item },
    ...given,
  });
  const take = (...firings: OutboxFiring[]): Promise<readonly FireOutcome[]> =>
    h().node.get(OutboxIntake).take(firings);
  const settle = (): Promise<void> => h().kit.clock.settle();
  const pass = (ms: number): void => h().kit.clock.set(new Date(h().kit.clock.now() + ms));
  const firings = (): Promise<readonly Row[]> => h().node.rows('firing');

  it('is fired in its order, each row once for seven days', async () => {
    const rows = [1, 2, 3].map((n) => row(`row ${n}`, { context: { n } }));
    const first = await take(...rows);
    expect(first.map(({ status, dedupKey }) => [status, dedupKey])).toEqual([
      ['accepted', 'row 1'],
      ['accepted', 'row 2'],
      ['accepted', 'row 3'],
    ]);
    await settle();
    expect(ran).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    pass(OUTBOX_KEY_MS - 1);
    const again = await take(...rows);
    expect(again).toMatchObject(first.map(({ firingId }) => ({ status: 'duplicate', of: 'dedup', firingId })));
    pass(1);
    expect(await take(...rows.slice(0, 1))).toMatchObject([{ status: 'accepted' }]);
    await settle();
  });

  it('counts on its trigger, also what comes again', async () => {
    await take(
      row('row 1'),
      row('row 1'),
      row('row 1'),
      row('row 2', {}, { what: { kind: 'filtered', reason: 'when' } }),
    );
    await h().kit.clock.advance(1_000);
    const [counted] = await rowsOf(h().node.store, 'trigger');
    expect([counted?.['fires'], counted?.['duplicates']].map(Number)).toEqual([1, 2]);
  });

  it('holds the key that its author chose, and beside it that of the row', async () => {
    const one = row('row 1', { dedupKey: 'order 7' });
    const [first] = await take(one);
    expect(first).toMatchObject({ status: 'accepted', dedupKey: 'order 7' });
    await settle();
    const again = { status: 'duplicate', of: 'idempotency', firingId: first?.firingId };
    pass(OUTBOX_KEY_MS - 1);
    expect(await take(one)).toMatchObject([again]);
    expect(await take(row('row 2', { dedupKey: 'order 7' }))).toMatchObject([{ status: 'accepted' }]);
    await settle();
    pass(1);
    expect(await take(one)).toMatchObject([{ status: 'accepted' }]);
    await settle();
  });

  it('holds a key for as long as its trigger says, or the firing itself', async () => {
    const trigger = orders({ dedup: { scope: 'ever' } });
    const [first] = await take(row('row 1', { context: { n: 1 } }, { trigger }));
    expect(first).toMatchObject({ status: 'accepted', dedupKey: keyOfContext({ n: 1 }).label });
    const { firingId } = first as FireOutcome;
    expect(await take(row('row 2', { context: { n: 1 } }, { trigger }))).toMatchObject([
      { status: 'duplicate', of: 'dedup', firingId },
    ]);
    expect(await take(row('row 1', { context: { n: 2 } }, { trigger }))).toMatchObject([
      { status: 'duplicate', of: 'idempotency', firingId },
    ]);
    const off = { trigger, dedup: { scope: 'off' } } as const;
    expect(await take(row('row 3', { context: { n: 1 } }, off))).toMatchObject([
      { status: 'accepted', dedupKey: 'row 3' },
    ]);
    await settle();
  });

  it('starts nothing where its author says so, or where something is wrong with it, and keeps why', async () => {
    const nothing = (key: string, kind: 'filtered' | 'dead', given: object, payload?: string): OutboxFiring =>
      row(key, {}, { what: { kind, reason: key, ...given }, payload });
    const outcomes = await take(
      nothing('when', 'filtered', { context: { n: 1 } }),
      nothing('broken', 'dead', { context: { n: 2 } }),
      nothing('unreadable', 'dead', { context: { n: 3 } }, '{"after":3}'),
      nothing('empty', 'dead', {}),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['filtered', 'dead', 'dead', 'dead']);
    const kept = (state: string, reason: string, context: string | null, payload: string | null) => ({
      ...{ state, reason, context, payload },
      dedup_label: state === 'dead' ? reason : null,
    });
    expect(await firings()).toMatchObject([
      kept('filtered', 'when', '{"n":1}', null),
      kept('dead', 'broken', '{"n":2}', null),
      kept('dead', 'unreadable', null, '{"after":3}'),
      kept('dead', 'empty', null, null),
    ]);
    expect(await take(nothing('broken', 'dead', { context: { n: 2 } }))).toMatchObject([
      { status: 'duplicate', of: 'dedup', firingId: outcomes[1]?.firingId },
    ]);
  });

  it('becomes a dead letter of its own where it is bad, and the others start', async () => {
    const filter = ({ n }: object & { n?: unknown }): boolean => {
      if (n === 2) throw new Error('no such street');
      return true;
    };
    const trigger = orders({ filter });
    await take(...[1, 2, 3].map((n) => row(`row ${n}`, { context: { n } }, { trigger, payload: `{"after":${n}}` })));
    await settle();
    expect(ran).toEqual([{ n: 1 }, { n: 3 }]);
    expect((await firings()).map(({ state, payload }) => [state, payload])).toEqual([
      ['accepted', null],
      ['dead', '{"after":2}'],
      ['accepted', null],
    ]);
  });

  it('knows who wrote it, whoever has it taken', async () => {
    const executionId = newId<ExecutionId>();
    const written = row('row 1', {}, { cause: { executionId, depth: 4 }, initiatedBy: 'ann' });
    await causedBy({ executionId: newId<ExecutionId>(), depth: MAX_DEPTH }, () => take(written, row('row 2')));
    expect(await firings()).toMatchObject([
      { caused_by: executionId, depth: 5, initiated_by: 'ann' },
      { caused_by: null, depth: 0, initiated_by: null },
    ]);
    await settle();
  });

  it('is held, or leaves nothing, while its trigger is disabled', async () => {
    const trigger = orders({ enabled: false });
    const [held, refused] = await take(
      row('row 1', {}, { trigger, whenDisabled: 'hold' }),
      row('row 2', {}, { trigger, whenDisabled: 'refuse' }),
    );
    expect([held, refused]).toMatchObject([
      { status: 'held' },
      { status: 'refused', state: null, reason: 'trigger is disabled' },
    ]);
    expect(await firings()).toHaveLength(1);
  });

  describe('where the database takes it not', () => {
    const failing = (error: Error, bad = 'row 2') => {
      const { commits } = h().node.store;
      const submit = commits.submit.bind(commits);
      return jest.spyOn(commits, 'submit').mockImplementation((kind, item, options) => {
        const { state, dedup } = item as { state?: string; dedup?: { label: string } };
        return state === 'accepted' && dedup?.label === bad ? Promise.reject(error) : submit(kind, item, options);
      });
    };

    it('becomes a dead letter without its content, and the others start', async () => {
      failing(new Error('value out of range'));
      const outcomes = await take(...[1, 2, 3].map((n) => row(`row ${n}`, { context: { n } }, { payload: '{}' })));
      expect(outcomes.map(({ status, dedupKey }) => [status, dedupKey])).toEqual([
        ['accepted', 'row 1'],
        ['dead', 'row 2'],
        ['accepted', 'row 3'],
      ]);
      await settle();
      expect(ran).toEqual([{ n: 1 }, { n: 3 }]);
      const reason = 'It could not be stored: value out of range';
      expect((await firings()).find(({ state }) => state === 'dead')).toMatchObject({
        ...{ reason, context: null, payload: null },
      });
    });

    it('is left to come again where the database is away, told when all have an end', async () => {
      const submit = failing(new TriggersError('TRG_STORE_UNAVAILABLE', 'away'), 'row 1');
      const slow = gate();
      const { dialect, options } = h().node.store;
      const transaction = dialect.transaction.bind(dialect);
      jest.spyOn(dialect, 'transaction').mockImplementationOnce(async (work) => {
        await slow.opened;
        return transaction(work);
      });
      const told = jest.fn();
      const taken = take(row('row 1'), row('row 2')).catch(told);
      await new Promise((resolve) => setImmediate(resolve));
      expect(told).not.toHaveBeenCalled();
      slow.open();
      await taken;
      expect(told).toHaveBeenCalledWith(expect.objectContaining({ code: 'TRG_STORE_UNAVAILABLE' }));
      expect((await firings()).map((one) => one['dedup_label'])).toEqual(['row 2']);
      const fired = submit.mock.calls.filter(([kind]) => kind.name === 'firing');
      expect(fired.map(([, , given]) => given)).toEqual(fired.map(() => ({ deadlineMs: options.commitDeadlineMs })));
      await settle();
    });
  });
});

describe('the file that this module writes', () => {
  let folder: string;
  const isOwn = (path: string, own: string, type = 'sqlite'): boolean => {
    const store = { options: { type, path: own } } as unknown as Store;
    return new OutboxIntake(store, ...([] as never[] as [never, never, never])).isOwnFile(path);
  };
  const at = (...path: string[]): string => join(folder, ...path);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'triggers-outbox-'));
    mkdirSync(at('data'));
    writeFileSync(at('data', 'own.db'), '');
    writeFileSync(at('data', 'other.db'), '');
    symlinkSync(at('data'), at('link'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, string, string, boolean]>([
    ['its own path', 'data/own.db', 'data/own.db', true],
    ['another file', 'data/other.db', 'data/own.db', false],
    ['a link to its folder', 'link/own.db', 'data/own.db', true],
    ['a file that is not there yet', 'link/new.db', 'data/new.db', true],
    ['another one that is not there yet', 'link/newer.db', 'data/new.db', false],
    ['a folder that is not there', 'none/own.db', 'none/own.db', true],
    ['another folder that is not there', 'no/own.db', 'none/own.db', false],
  ])('is known by %s', (_what, path, own, isIt) => {
    expect(isOwn(at(path), at(own))).toBe(isIt);
    expect(isOwn(relative(process.cwd(), at(path)), at(own))).toBe(isIt);
  });

  it('is none where there is no file', () => {
    expect(isOwn(':memory:', ':memory:')).toBe(false);
    expect(isOwn(at('data/own.db'), at('data/own.db'), 'postgres')).toBe(false);
  });
});
