import fc from 'fast-check';
import { NodeClock } from '../../engine/engine.contract.js';
import { StorePollIntake } from '../../intake/store-poll-intake.service.js';
import { EventBus } from '../../model/events.js';
import { NodeIdentity } from '../../model/node-identity.js';
import { NodeRoles } from '../../model/node-roles.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { rowsOf, statement, useStoreKit } from '../../store/contract/kit.contract.js';
import type { StoreKit } from '../../store/contract/kit.contract.js';
import { raced, turns } from '../../store/contract/racing.contract.js';
import { nodeOf } from '../../store/contract/work.contract.js';
import { run } from '../../store/dialects/batch.js';
import { deleteNode, registerNode, renewNode } from '../../store/node.repository.js';
import type { Store } from '../../store/store.service.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { PollerService } from './poller.service.js';
import { defineTrigger } from './test-trigger.contract.js';

const LEASE_MS = 30_000;
const RENEWAL_MS = LEASE_MS / 3;
/** Renewals after which the leases of all who died have run out, and a lease more, in which shares become even. */
const REST = 8;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const NODES = [0, 1, 2];

type Happening = 'come' | 'leave' | 'die' | 'standStill' | 'goOn';
interface Act {
  readonly node: number;
  readonly what: Happening;
}
interface Round {
  readonly acts: readonly Act[];
  /** How many turns of its event loop each node renews later than the others. */
  readonly later: readonly number[];
}

const later = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 }), fc.nat({ max: 4 }));
const what = fc.constantFrom<Happening>('come', 'come', 'come', 'leave', 'die', 'standStill', 'goOn');
const acts = fc.uniqueArray(fc.record({ node: fc.constantFrom(...NODES), what }), {
  selector: ({ node }) => node,
  maxLength: 3,
});
const rounds = fc.array(fc.record({ acts, later }), { minLength: 1, maxLength: 8 });
/** All nodes the same, as between deploys, or each its own. */
const declarations = fc.oneof(
  fc.constant(NODES.map(() => NAMES)),
  fc.array(fc.subarray(NAMES), { minLength: NODES.length, maxLength: NODES.length }),
);

/** One life of a process that polls, on a connection pool of its own. */
class PollingNode {
  readonly identity = new NodeIdentity();
  readonly poller: PollerService;
  readonly clock: NodeClock;

  constructor(
    readonly store: Store,
    kit: StoreKit,
    private readonly names: readonly string[],
  ) {
    this.clock = new NodeClock(kit.clock);
    const bus = new EventBus(
      () => kit.clock.now(),
      () => undefined,
    );
    const intake = new StorePollIntake(store, this.identity, undefined as never, undefined as never);
    const timers = { show: () => undefined, hide: () => undefined };
    this.poller = new PollerService(intake, this.clock, bus, timers, new NodeRoles());
    const count = ({ cursor }: { cursor?: unknown }): TriggerResult =>
      TriggerResult.skip('counted', { cursor: Number(cursor ?? 0) + 1 });
    for (const name of names) this.poller.add(defineTrigger({ name, pollIntervalMs: RENEWAL_MS, poll: count }));
  }

  get id(): string {
    return this.identity.id;
  }

  async come(): Promise<void> {
    await this.#register();
    await this.poller.start();
  }

  async leave(): Promise<void> {
    await this.poller.stop(new AbortController().signal);
    await this.store.change(() => deleteNode(this.identity.id));
  }

  /** As the lease of a node does it: whoever comes too late has lost everything, and comes back as another one. */
  async renew(): Promise<void> {
    const renewed = await this.store.change(() => renewNode(this.identity.id, LEASE_MS));
    if (renewed === null) {
      this.poller.leaseLost();
      this.identity.change();
      await this.#register();
    }
    await this.poller.renewed();
  }

  /** What it believes to own, with the epochs. */
  get owned(): string[] {
    return this.names.flatMap((name) => {
      const trigger = this.poller.find(name);
      return trigger?.isOwned === true ? [`${name} ${trigger.stored.epoch}`] : [];
    });
  }

  declares(name: string): boolean {
    return this.names.includes(name);
  }

  async #register(): Promise<void> {
    const { id } = this.identity;
    await this.store.change(() => registerNode(nodeOf({ id, name: id, leaseMs: LEASE_MS })));
  }
}

/** Nodes on one database that come and go, each renewal at one instant with those of the others. */
class Cluster {
  readonly nodes = new Map<number, PollingNode>();
  /** Identities whose lease ran out, or will. */
  readonly lost = new Set<string>();
  /** For how many rounds nobody alive has owned a trigger that somebody declares. */
  readonly #alone = new Map<string, number>();

  constructor(
    readonly kit: StoreKit,
    readonly stores: readonly Store[],
    readonly declared: readonly (readonly string[])[],
  ) {}

  async round({ acts: happening, later: turnsOf }: Round): Promise<void> {
    const acting = new Map(happening.map(({ node, what: act }) => [node, act]));
    const work = NODES.map(async (at) => {
      await turns(turnsOf[at] ?? 0);
      await this.#act(at, acting.get(at));
    });
    await raced(this.kit.clock, Promise.all(work));
    await this.kit.clock.advance(RENEWAL_MS - 1_000);
    await this.#look();
  }

  async #act(at: number, act: Happening | undefined): Promise<void> {
    const node = this.nodes.get(at);
    if (node === undefined) {
      if (act !== 'come') return;
      const next = new PollingNode(this.stores[at] as Store, this.kit, this.declared[at] ?? []);
      this.nodes.set(at, next);
      return next.come();
    }
    if (act === 'leave' && !node.clock.isSuspended) {
      this.nodes.delete(at);
      return node.leave();
    }
    if (act === 'die') {
      this.nodes.delete(at);
      this.lost.add(node.id);
      node.clock.isDead = true;
      return;
    }
    if (act === 'standStill') node.clock.isSuspended = true;
    if (act === 'goOn' && node.clock.isSuspended) node.clock.goOn();
    if (node.clock.isSuspended) return void this.lost.add(node.id);
    await node.renew();
  }

  get awake(): PollingNode[] {
    return [...this.nodes.values()].filter(({ clock }) => !clock.isSuspended);
  }

  async #look(): Promise<void> {
    const rows = await rowsOf(this.stores[0] as Store, 'trigger');
    const living = await rowsOf(this.stores[0] as Store, 'node');
    const alive = new Set(
      living
        .filter((row) => new Date(row['lease_until'] as string).getTime() > this.kit.clock.now())
        .map(({ id }) => id),
    );
    for (const name of NAMES) {
      const row = rows.find((one) => one['name'] === name);
      const isAlone = this.awake.some((node) => node.declares(name)) && !alive.has(row?.['owner'] ?? null);
      const count = isAlone ? (this.#alone.get(name) ?? 0) + 1 : 0;
      this.#alone.set(name, count);
      if (count > LEASE_MS / RENEWAL_MS) throw new Error(`Nobody owns "${name}" for longer than a lease.`);
      const believers = this.awake.filter((node) => node.owned.includes(`${name} ${Number(row?.['epoch'])}`));
      expect(believers.filter(({ id }) => id !== row?.['owner'])).toEqual([]);
    }
  }

  /** How many each living node owns, by the rows and by what the nodes believe, which must be the same. */
  async shares(): Promise<number[]> {
    const rows = await rowsOf(this.stores[0] as Store, 'trigger', 'name');
    return this.awake.map((node) => {
      const stored = rows
        .filter(({ owner }) => owner === node.id)
        .map((row) => `${String(row['name'])} ${Number(row['epoch'])}`);
      expect([...node.owned].sort()).toEqual(stored);
      return stored.length;
    });
  }
}

/** Lets the database write down every change of an owner, also those between two looks. */
async function watchOwners(store: Store): Promise<void> {
  const ddl = (sql: string): Promise<unknown> =>
    store.change(function* () {
      yield* run(statement(sql), [[]]);
    });
  await ddl('CREATE TABLE triggers_seen (name text, epoch bigint, owner text, was text, wanted_by text)');
  await ddl(`CREATE FUNCTION log_owner() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO triggers_seen VALUES (NEW.name, NEW.epoch, NEW.owner, OLD.owner, OLD.wanted_by); RETURN NULL; END $$`);
  await ddl(`CREATE TRIGGER log_owner AFTER UPDATE OF owner, epoch ON triggers_trigger FOR EACH ROW
    WHEN (OLD.owner IS DISTINCT FROM NEW.owner OR OLD.epoch <> NEW.epoch) EXECUTE FUNCTION log_owner()`);
}

async function empty(store: Store): Promise<void> {
  await store.change(function* () {
    for (const table of ['trigger', 'node', 'tick', 'seen'])
      yield* run(statement(`DELETE FROM triggers_${table}`), [[]]);
  });
}

/** Changes of owners that cannot be: an epoch with two owners, or one who lives robbed of what nobody handed over. */
async function impossible(store: Store, lost: ReadonlySet<string>): Promise<unknown[]> {
  const rows = await rowsOf(store, 'seen', 'name, epoch');
  const ownerOf = new Map<string, unknown>();
  return rows.filter(({ name, epoch, owner, was, wanted_by }) => {
    if (owner === null) return false;
    const key = `${String(name)} ${Number(epoch)}`;
    const isDoubled = ownerOf.has(key) && ownerOf.get(key) !== owner;
    ownerOf.set(key, owner);
    const isHandedOver = was === null || was === owner || wanted_by === owner || lost.has(was as string);
    return isDoubled || !isHandedOver;
  });
}

describe('nodes on one Postgres that come, leave, die, stand still and renew at one instant', () => {
  const kit = useStoreKit('postgres');

  // Cloacina T-10
  it(
    'never own a trigger twice, rob nobody who lives, leave none alone for a lease, and are even at rest',
    async () => {
      const stores = [await kit().open(), await kit().open(), await kit().open()];
      const [store] = stores as [Store];
      await watchOwners(store);
      await fc.assert(
        fc.asyncProperty(declarations, rounds, later, async (declared, given, last) => {
          await empty(store);
          const cluster = new Cluster(kit(), stores, declared);
          try {
            for (const round of given) await cluster.round(round);
            const wake = NODES.map((node) => ({ node, what: 'goOn' as const }));
            for (let renewals = 0; renewals < REST; renewals += 1) await cluster.round({ acts: wake, later: last });
            const shares = await cluster.shares();
            const isUniform = declared.every(({ length }) => length === NAMES.length);
            if (isUniform && shares.length > 0)
              expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
            expect(await impossible(store, cluster.lost)).toEqual([]);
          } finally {
            for (const { clock } of cluster.nodes.values()) clock.isDead = true;
          }
        }),
        // Looking for a smaller example takes longer than the test may: the seed repeats the one that was found.
        { ...runs(12), endOnFailure: true },
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
