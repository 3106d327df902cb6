import fc from 'fast-check';
import type { HeldTriggers, TriggerHoldings } from '../../intake/poll-intake.js';
import type { NodeId } from '../../model/ids.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { planShares } from './poll-shares.js';
import type { SharePlan } from './poll-shares.js';

/** Who holds how many: `a: 3`, free ones under `free`, what `b` wants of `a` under `a>b`, what is not asked about under `a!`. */
function holding(given: Readonly<Record<string, number>>, living: readonly string[] = []): TriggerHoldings {
  const groups = Object.entries(given).map(([who, triggers]) => {
    const [owner, wanter = null] = (who === 'free' ? [null] : who.replace('!', '').split('>')) as (NodeId | null)[];
    return { asked: !who.endsWith('!'), owner: owner as NodeId | null, wanter, triggers };
  });
  return { living: living as NodeId[], groups };
}

function plan(me: string, holdings: TriggerHoldings, before: TriggerHoldings | null = holding({})): SharePlan {
  return planShares({ me: me as NodeId, holdings, before });
}

describe('what is free', () => {
  it.each([
    ['all of it, alone', { free: 10 }, ['a'], 10],
    ['its share among all that live at its first look', { free: 10 }, ['a', 'b', 'c', 'd'], 3],
    ['no more than it lacks of its share', { free: 4, a: 3, b: 3 }, ['a', 'b'], 2],
    ['nothing above its share', { free: 1, a: 9, b: 2 }, ['a', 'b'], 0],
  ])('is taken: %s', (_, held, living, take) => {
    expect(plan('a', holding(held, living), null)).toEqual({ take, want: [] });
  });

  it('is shared with those alone that hold some, at later looks', () => {
    const living = ['a', 'b', 'c', 'idle', 'other'];
    expect(plan('a', holding({ free: 10, a: 10, b: 10 }, living))).toEqual({ take: 5, want: [] });
  });

  it('is taken whole when nobody took it since the last look', () => {
    const held = holding({ free: 10, a: 10, b: 2 });
    expect(plan('a', held).take).toBe(1);
    expect(plan('a', held, held).take).toBe(10);
  });
});

describe('what others have too much of', () => {
  it.each([
    ['half of it by a newcomer', 'b', { a: 10 }, [['a', 5]]],
    [
      'of the richest first',
      'c',
      { a: 9, b: 6 },
      [
        ['a', 4],
        ['b', 1],
      ],
    ],
    ['nothing by who has its share', 'b', { a: 9, b: 5, c: 1 }, []],
    ['nothing by one that is one below', 'c', { a: 4, b: 4, c: 3 }, []],
    ['nothing by one that has none of one', 'b', { a: 1 }, []],
    ['nothing where what is wanted will make it even', 'b', { a: 5, 'a>b': 5 }, []],
    ['all that makes up for what they poll beside it', 'b', { a: 4, 'a!': 6 }, [['a', 4]]],
    ['nothing by who polls more beside it', 'b', { a: 4, b: 1, 'b!': 3 }, []],
    ['of those alone that have some to give', 'b', { a: 8, 'c>a': 1, 'c!': 90 }, [['a', 4]]],
    ['nothing that others want already', 'c', { 'a>b': 6, a: 1, c: 1 }, []],
  ] as const)('is wanted: %s', (_, me, held, want) => {
    expect(plan(me, holding(held)).want).toEqual(want.map(([from, count]) => ({ from, count })));
  });

  it('is wanted by all that lack some, each its part', () => {
    const held = holding({ a: 12, b: 1, c: 0, d: 0 }, ['a', 'b', 'c', 'd']);
    const wanted = ['a', 'b', 'c', 'd'].map((me) => plan(me, held, null).want[0]?.count ?? 0);
    expect(wanted).toEqual([0, 2, 3, 3]);
  });

  it('is wanted by a richer one too, once the poorest has shown that it cannot take it', () => {
    const held = holding({ a: 10, b: 5, c: 1 });
    expect(plan('b', held).want).toEqual([]);
    expect(plan('b', held, held).want).toEqual([{ from: 'a', count: 2 }]);
  });

  it('waits while something is free', () => {
    expect(plan('a', holding({ a: 8, b: 20, free: 2 }, ['a', 'b']), null)).toMatchObject({ take: 2 });
    expect(plan('b', holding({ a: 8, b: 2, free: 20 }))).toMatchObject({ take: 13, want: [] });
  });
});

/** Nodes that look, decide and act as the poller does, on rows in memory. */
class Cluster {
  readonly owner: (string | null)[];
  readonly wantedBy: (string | null)[];
  readonly living = new Set<string>();
  readonly #before = new Map<string, TriggerHoldings>();
  writes = 0;

  constructor(
    readonly declared: ReadonlyMap<string, ReadonlySet<number>>,
    triggers: number,
  ) {
    this.owner = Array<string | null>(triggers).fill(null);
    this.wantedBy = Array<string | null>(triggers).fill(null);
  }

  look(node: string): TriggerHoldings {
    const groups = new Map<string, { -readonly [K in keyof HeldTriggers]: HeldTriggers[K] }>();
    for (const at of this.owner.keys()) {
      const asked = this.#of(node).has(at);
      const owner = this.#alive(this.owner[at]);
      const wanter = owner === null ? null : this.#alive(this.wantedBy[at]);
      const key = `${asked} ${owner} ${wanter}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { asked, owner, wanter, triggers: 1 });
      else group.triggers += 1;
    }
    return { living: [...this.living] as NodeId[], groups: [...groups.values()] };
  }

  /** Hands over what others want; then does what follows from what it saw. */
  renew(node: string, saw: TriggerHoldings): void {
    if (!this.living.has(node)) return;
    for (const at of this.owner.keys()) {
      const to = this.#alive(this.wantedBy[at]);
      if (this.owner[at] === node && to !== null) this.#write(at, to, null);
    }
    const { take, want } = planShares({ me: node as NodeId, holdings: saw, before: this.#before.get(node) ?? null });
    this.#before.set(node, saw);
    const free = [...this.#of(node)].filter((at) => this.#alive(this.owner[at]) === null);
    for (const at of free.slice(0, take)) this.#write(at, node, null);
    for (const { from, count } of want) {
      const theirs = [...this.#of(node)].filter(
        (at) => this.owner[at] === from && this.#alive(this.wantedBy[at]) === null,
      );
      for (const at of theirs.slice(0, count)) this.#write(at, from, node);
    }
  }

  start(node: string): void {
    this.living.add(node);
    this.#before.delete(node);
  }

  /** Gives its triggers back. */
  stop(node: string): void {
    this.die(node);
    for (const at of this.owner.keys()) if (this.owner[at] === node) this.#write(at, null, null);
  }

  die(node: string): void {
    this.living.delete(node);
  }

  /** Triggers that some living node declares and none polls. */
  neglected(): number[] {
    const alive = [...this.living].map((node) => [node, this.#of(node)] as const);
    return [...this.owner.keys()].filter((at) => {
      const able = alive.filter(([, names]) => names.has(at));
      return able.length > 0 && !able.some(([node]) => node === this.owner[at]);
    });
  }

  /** How many a node polls. */
  share(node: string): number {
    return this.owner.filter((owner) => owner === node).length;
  }

  /** How much more a node polls at most that has something which this one could poll. */
  envy(node: string): number {
    const others = [...this.#of(node)].map((at) => this.share(this.owner[at] as string));
    return Math.max(0, ...others) - this.share(node);
  }

  #of(node: string): ReadonlySet<number> {
    return this.declared.get(node) as ReadonlySet<number>;
  }

  #alive(node: string | null | undefined): NodeId | null {
    return node !== null && node !== undefined && this.living.has(node) ? (node as NodeId) : null;
  }

  #write(at: number, owner: string | null, wantedBy: string | null): void {
    this.owner[at] = owner;
    this.wantedBy[at] = wantedBy;
    this.writes += 1;
  }
}

const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
const TRIGGERS = 24;
const everything = Array.from({ length: TRIGGERS }, (_, at) => at);
const homes = fc.array(fc.option(fc.constantFrom(...NODES)), { minLength: TRIGGERS, maxLength: TRIGGERS });
const happenings = fc.array(
  fc.record({
    what: fc.constantFrom('start' as const, 'stop' as const, 'die' as const, 'renew' as const, 'renewAll' as const),
    node: fc.constantFrom(...NODES),
  }),
  { maxLength: 25 },
);
const orders = fc.array(fc.shuffledSubarray(NODES, { minLength: NODES.length }), { minLength: 30, maxLength: 30 });
/** Every node all, or each what it happens to declare. */
const declarations = fc.oneof(
  fc.constant(NODES.map(() => everything)),
  fc.array(fc.subarray(everything), { minLength: NODES.length, maxLength: NODES.length }),
);

/** Whatever has happened so far, and at least one node that lives. */
function aftermath(
  declared: readonly (readonly number[])[],
  owners: readonly (string | null)[],
  given: readonly { readonly what: string; readonly node: string }[],
): Cluster {
  const cluster = new Cluster(new Map(NODES.map((node, at) => [node, new Set(declared[at])])), TRIGGERS);
  owners.forEach((owner, at) => {
    if (owner === null || !cluster.declared.get(owner)?.has(at)) return;
    cluster.start(owner);
    cluster.owner[at] = owner;
  });
  for (const { what, node } of given) {
    if (what === 'start') cluster.start(node);
    else if (what === 'stop') cluster.stop(node);
    else if (what === 'die') cluster.die(node);
    else if (what === 'renew') cluster.renew(node, cluster.look(node));
    else renewAtOnce(cluster, NODES);
  }
  if (cluster.living.size === 0) cluster.start('n1');
  return cluster;
}

function renewAtOnce(cluster: Cluster, order: readonly string[]): void {
  const saw = order.map((node) => [node, cluster.look(node)] as const);
  for (const [node, look] of saw) cluster.renew(node, look);
}

function renewInTurn(cluster: Cluster, order: readonly string[]): void {
  for (const node of order) cluster.renew(node, cluster.look(node));
}

describe('nodes that come to their shares', () => {
  const rounds = [
    ['one after the other', renewInTurn],
    ['all in one moment', renewAtOnce],
  ] as const;

  it.each(rounds)(
    'are even after a few renewals, and nothing is written any more, when they renew %s',
    (_, renew) => {
      fc.assert(
        fc.property(declarations, homes, happenings, orders, (declared, owners, given, order) => {
          const cluster = aftermath(declared, owners, given);
          const isUniform = declared.every((names) => names.length === TRIGGERS);
          for (const nodes of order.slice(0, isUniform ? 6 : 24)) renew(cluster, nodes);
          const { writes } = cluster;
          for (const nodes of order.slice(24)) renew(cluster, nodes);
          expect(cluster.writes).toBe(writes);
          expect([...cluster.living].filter((node) => cluster.envy(node) > 1)).toEqual([]);
        }),
        runs(300),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it.each(rounds)(
    'leave nothing alone for longer than two renewals, when they renew %s',
    (_, renew) => {
      fc.assert(
        fc.property(declarations, homes, happenings, orders, (declared, owners, given, order) => {
          const cluster = aftermath(declared, owners, given);
          for (const nodes of order.slice(0, 2)) renew(cluster, nodes);
          for (const nodes of order.slice(2)) {
            expect(cluster.neglected()).toEqual([]);
            renew(cluster, nodes);
          }
        }),
        runs(300),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it.each(rounds)(
    'are even again within three renewals, which are a lease, after one of them has come or gone, %s',
    (_, renew) => {
      const one = fc.record({ what: fc.constantFrom('start', 'stop', 'die'), node: fc.constantFrom(...NODES) });
      fc.assert(
        fc.property(fc.uniqueArray(fc.constantFrom(...NODES)), one, orders, (living, { what, node }, order) => {
          const uniform = NODES.map(() => everything);
          const begun = living.map((started) => ({ what: 'start', node: started }));
          const cluster = aftermath(uniform, [], begun);
          for (const nodes of order.slice(0, 6)) renew(cluster, nodes);
          if (what === 'start' && !cluster.living.has(node)) cluster.start(node);
          else if (what === 'stop') cluster.stop(node);
          else if (what === 'die') cluster.die(node);
          if (cluster.living.size === 0) return;
          for (const nodes of order.slice(6, 9)) renew(cluster, nodes);
          const { writes } = cluster;
          for (const nodes of order.slice(9, 12)) renew(cluster, nodes);
          expect(cluster.writes).toBe(writes);
          const shares = [...cluster.living].map((each) => cluster.share(each));
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        }),
        runs(300),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
