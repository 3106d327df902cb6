import type { Store } from '../../store/store.service.js';
import { TestClock } from '../../testing/test-clock.js';
import { TableClaims } from './table-claims.js';
import type { TableWish } from './table-claims.js';

describe('TableClaims', () => {
  /** What a claim finds: how many tasks are ready, and how many slots are free for them. */
  let submit: jest.Mock<Promise<{ claimed: number; slots: number }>>;
  let wish: TableWish;
  /** What the host was told: whether a task waits to run alone. */
  let quiet: boolean[];
  let waits: object[];
  let claims: TableClaims;

  const settle = (): Promise<void> => new TestClock().settle();
  const asked = (): unknown[] => submit.mock.calls.map(([, item]: unknown[]) => item);

  beforeEach(() => {
    submit = jest.fn(async () => ({ claimed: 2, slots: 2 }));
    wish = { overdueMs: 0, goesOn: true };
    [quiet, waits] = [[], []];
    const store = { read: async () => waits, commits: { submit } };
    claims = new TableClaims(store as unknown as Store, () => wish);
    const host = { pools: ['default'], concurrency: 2, freeSlots: 2, isIdle: () => true };
    claims.start({ ...host, quiet: (on) => quiet.push(on) });
  });

  it('claims what the wish of that moment says', async () => {
    wish = { overdueMs: 2_000, goesOn: false };
    claims.wake();
    await settle();
    wish = { overdueMs: 0, goesOn: false };
    claims.wake();
    await settle();
    expect(asked()).toEqual([
      { alone: false, overdueMs: 2_000 },
      { alone: false, overdueMs: 0 },
    ]);
  });

  it.each([
    { goesOn: true, claimed: 3 },
    { goesOn: false, claimed: 1 },
  ])('claims with each slot that comes free as long as all were used, if the wish goes on: $goesOn', async (given) => {
    wish = { overdueMs: 0, goesOn: given.goesOn };
    claims.wake();
    await settle();
    for (let slot = 0; slot < 2; slot += 1) {
      claims.slotFreed();
      await settle();
    }
    expect(asked()).toHaveLength(given.claimed);
  });

  it('tells its host with each look whether a task waits to run alone', async () => {
    await claims.look();
    waits = [{ waits: 1 }];
    await claims.look();
    expect(quiet).toEqual([false, true]);
    await settle();
    expect(asked().at(-1)).toEqual({ alone: true, overdueMs: 0 });
  });

  it('claims nothing before it has a host', async () => {
    const early = new TableClaims({ commits: { submit } } as unknown as Store, () => wish);
    early.wake();
    early.slotFreed();
    await early.stop();
    expect(asked()).toEqual([]);
  });

  it('ends when no claim is on its way', async () => {
    let answer: (found: { claimed: number; slots: number }) => void = () => undefined;
    submit.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    claims.wake();
    let ended = false;
    void claims.stop().then(() => (ended = true));
    await settle();
    expect(ended).toBe(false);
    answer({ claimed: 0, slots: 2 });
    await settle();
    expect([ended, asked().length]).toEqual([true, 1]);
  });
});
