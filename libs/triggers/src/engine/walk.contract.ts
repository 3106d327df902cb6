import { newId } from '../model/ids.js';
import type { ExecutionId, NodeId } from '../model/ids.js';
import { hasEnded } from '../model/states.js';
import type { ClaimedTask } from '../store/claimer.js';
import type { StoreKit } from '../store/contract/kit.contract.js';
import { raced, turns, worldsAfter } from '../store/contract/racing.contract.js';
import type { Answered } from '../store/contract/racing.contract.js';
import { FakeEngine, nodeOf } from '../store/contract/work.contract.js';
import { registerNode, renewNode } from '../store/node.repository.js';
import type { Store } from '../store/store.service.js';
import type { Taken } from './walk-execution.contract.js';
import type { Asked, Held } from './walk-model.contract.js';
import { WalkModel } from './walk-model.contract.js';
import { WalkNode } from './walk-node.contract.js';
import { modelRows, storedRows } from './walk-rows.contract.js';

const SECOND_MS = 1_000;
/** Rounds begin at whole seconds and last less than half of one: nothing runs out while one lasts. */
const LEASE_MS = 30.5 * SECOND_MS;
/** More rounds than any execution of a walk needs to end. */
const MAX_ROUNDS_TO_END = 60;

/** What happens at once: the slots that nodes have, and what is asked of which node, how many turns later. */
export interface Race {
  readonly slots: readonly number[];
  readonly racers: readonly { readonly asked: Asked; readonly node: number; readonly later: number }[];
}

/** A walk over a store, with the model beside it. */
export class Walk {
  model = new WalkModel();
  /** Every claim that was ever handed out. */
  readonly claims: (Held & { readonly claimed: ClaimedTask })[] = [];
  /** Every execution that there ever was. */
  readonly known = new Set<ExecutionId>();
  readonly #leases = new Map<NodeId, number>();
  readonly #nodes: WalkNode[] = [];

  private constructor(readonly kit: StoreKit) {}

  static async on(kit: StoreKit, stores: readonly Store[]): Promise<Walk> {
    const walk = new Walk(kit);
    await walk.#pass(0);
    for (const store of stores) {
      const node = new WalkNode(await FakeEngine.on(store, LEASE_MS), kit.clock);
      walk.#nodes.push(node);
      walk.#leased(node.engine);
    }
    return walk;
  }

  nodeId(node: number): NodeId {
    return this.#node(node).engine.nodeId;
  }

  /** Claims that count now. */
  running(): Held[] {
    return this.claims.filter(({ id, task, token }) => this.model.executions.get(id)?.tasks[task]?.by?.token === token);
  }

  /** Some nodes renew their leases, time passes, and nodes whose lease ran out come back as others. */
  async pass(seconds: number, renews: readonly boolean[]): Promise<void> {
    await this.#renew(renews);
    await this.#pass(seconds);
    await this.#lapse();
  }

  /** Asks everything at once, and finds the model in the state that explains answers and rows. */
  async race({ slots, racers }: Race): Promise<void> {
    const { clock } = this.kit;
    const now = clock.now();
    this.#nodes.forEach(({ engine }, at) => (engine.slots = slots[at] ?? 0));
    const answers = await raced(clock, Promise.all(racers.map((racer) => this.#answered(racer))));
    const taken = this.#collect(slots);
    const before = this.model.knowing(this.#leases, taken);
    this.model = await this.#explain(worldsAfter([before], answers, now), answers);
    for (const id of this.model.executions.keys()) this.known.add(id);
    const [only] = racers;
    if (racers.length === 1 && only?.asked.kind === 'claim') {
      const claimable = before.claimable(only.asked.alone, now);
      const wanted = Math.min(only.asked.alone ? 1 : claimable.length, slots[only.node] ?? 0, claimable.length);
      expect([...taken.keys()].filter((key) => claimable.includes(key))).toHaveLength(wanted);
    }
  }

  /** Resumes, rescues, claims and finishes until everything has ended. */
  async end(): Promise<void> {
    const ask = async (asked: Asked): Promise<void> => {
      await this.pass(20, [true, true]);
      await this.race({ slots: [9, 9], racers: [{ asked, node: 0, later: 0 }] });
    };
    for (const { id, state } of this.model.executions.values())
      if (state === 'paused') await ask({ kind: 'resume', id });
    for (let left = MAX_ROUNDS_TO_END; this.#isOpen(); left -= 1) {
      if (left === 0) throw new Error(`These do not end: ${JSON.stringify(modelRows(this.model), null, 1)}`);
      await ask({ kind: 'rescue', node: this.nodeId(0) });
      for (const alone of [false, true]) await ask({ kind: 'claim', alone });
      for (const { id, task, token } of this.running())
        await ask({ kind: 'finish', id, task, token, ending: 'completed' });
    }
  }

  #isOpen(): boolean {
    return [...this.model.executions.values()].some(({ state }) => !hasEnded(state));
  }

  async #answered({ asked, node, later }: Race['racers'][number]): Promise<Answered<Asked>> {
    await turns(later);
    const claimed = 'token' in asked ? this.claims.find((one) => isSame(one, asked))?.claimed : undefined;
    return { asked, answer: await this.#node(node).answer(asked, claimed) };
  }

  async #explain(worlds: readonly WalkModel[], answers: readonly Answered<Asked>[]): Promise<WalkModel> {
    const [store] = this.kit.stores as [Store];
    const rows = await storedRows(store);
    const world = worlds.find((one) => JSON.stringify(modelRows(one)) === JSON.stringify(rows));
    if (world !== undefined) return world;
    const told = answers.map(({ asked, answer }) => `${JSON.stringify(asked)}: ${answer}`).join('\n');
    const shown = [...worlds.map(modelRows), rows].map((one) => JSON.stringify(one)).join('\n');
    const before = JSON.stringify(modelRows(this.model));
    throw new Error(
      `No order explains\n${told}\nafter\n${before}\nand after ${worlds.length} worlds, then the rows:\n${shown}`,
    );
  }

  async #renew(renews: readonly boolean[]): Promise<void> {
    for (const [at, { engine }] of this.#nodes.entries()) {
      if (renews[at] === false) continue;
      await raced(
        this.kit.clock,
        engine.store.change(() => renewNode(engine.nodeId, LEASE_MS)),
      );
      this.#leased(engine);
    }
  }

  /** To a whole second, and on. */
  async #pass(seconds: number): Promise<void> {
    const { clock } = this.kit;
    await clock.advance((seconds + 1) * SECOND_MS - (clock.now() % SECOND_MS));
  }

  /** A node whose lease ran out comes back as another. */
  async #lapse(): Promise<void> {
    for (const { engine } of this.#nodes) {
      if ((this.#leases.get(engine.nodeId) as number) > this.kit.clock.now()) continue;
      engine.nodeId = newId<NodeId>();
      const node = { id: engine.nodeId, name: 'again', leaseMs: LEASE_MS, workflows: engine.declared };
      await raced(
        this.kit.clock,
        engine.store.change(() => registerNode(nodeOf(node))),
      );
      this.#leased(engine);
    }
  }

  #leased({ nodeId }: FakeEngine): void {
    this.#leases.set(nodeId, this.kit.clock.now() + LEASE_MS);
  }

  /** What nodes were handed: each task once, each with a slot for it, and no slot is lost. */
  #collect(slots: readonly number[]): Map<string, Taken> {
    const taken = new Map<string, Taken>();
    this.#nodes.forEach(({ engine }, at) => {
      const handed = engine.started.splice(0);
      expect(engine.slots).toBe((slots[at] ?? 0) - handed.length);
      for (const claimed of handed) {
        const held = { id: claimed.facts.executionId, task: claimed.task, token: claimed.token };
        expect([...taken.keys()]).not.toContain(`${held.id}/${held.task}`);
        taken.set(`${held.id}/${held.task}`, { token: held.token, owner: engine.nodeId });
        this.claims.push({ ...held, claimed });
      }
    });
    return taken;
  }

  #node(at: number): WalkNode {
    return this.#nodes[at] as WalkNode;
  }
}

function isSame(one: Held, other: Held): boolean {
  return one.id === other.id && one.task === other.task && one.token === other.token;
}
