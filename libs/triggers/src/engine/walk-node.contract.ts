import { isTriggersError } from '../model/errors.js';
import type { NodeId } from '../model/ids.js';
import type { Clock } from '../model/clock.js';
import type { ClaimedTask } from '../store/claimer.js';
import { CLAIM_TASKS } from '../store/commits/claim.commit.js';
import { draftOf, wish } from '../store/contract/drafts.contract.js';
import { fire } from '../store/contract/work.contract.js';
import type { FakeEngine } from '../store/contract/work.contract.js';
import { failExecution } from '../store/fail-execution.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { EndTeller } from './end-teller.service.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import { ExecutionControl } from './execution-control.service.js';
import type { NodeLease } from './node-lease.service.js';
import { Pruner } from './pruner.service.js';
import { Rescuer } from './rescuer.service.js';
import type { TaskRunner } from './task-runner.service.js';
import type { Asked } from './walk-model.contract.js';

const STRANDED = { name: 'Error', message: 'nobody can go on' };

/** One process: its claims, its operators, its rescuer, its pruner. No bodies: a walk says how they end. */
export class WalkNode {
  readonly #control: ExecutionControl;
  readonly #rescuer: Rescuer;

  constructor(
    readonly engine: FakeEngine,
    private readonly clock: Clock,
  ) {
    const { store } = engine;
    const lease = Object.defineProperty({}, 'nodeId', { get: (): NodeId => engine.nodeId }) as NodeLease;
    const bodies = { abortExecution: () => false, executions: () => new Set(), holds: () => true };
    const runner = bodies as unknown as TaskRunner;
    const workflows = { get: () => undefined } as unknown as WorkflowRegistry;
    const teller = { tell: () => undefined } as unknown as EndTeller;
    this.#control = new ExecutionControl(store, runner, store.events);
    this.#rescuer = new Rescuer(store, lease, runner, workflows, teller, store.events);
  }

  /** What the store answers, in the words of the model; `claimed` is the claim that it is about. */
  async answer(asked: Asked, claimed: ClaimedTask | undefined): Promise<string> {
    const { store } = this.engine;
    switch (asked.kind) {
      case 'fire':
        return this.#fire(asked);
      case 'claim':
        await store.commits.submit(CLAIM_TASKS, { alone: asked.alone, overdueMs: 0 });
        return 'claimed';
      case 'finish':
        return (await this.engine.finish(claimed, { state: asked.ending })).written ? 'written' : 'refused';
      case 'putBack':
        return (await this.engine.putBack(claimed, asked.why, { delayMs: asked.delayMs })) ? 'written' : 'refused';
      case 'rescue': {
        const { rescued, abandoned } = await this.#rescuer.runOnce();
        return `${rescued} rescued, ${abandoned} abandoned`;
      }
      case 'prune':
        return `${await this.#prune(asked.failedToo)} pruned`;
      case 'strand':
        return (await store.change((scope) => failExecution(asked.id, STRANDED, false, scope)))?.state ?? 'none';
      default:
        return this.#control[asked.kind](asked.id).then(({ state }) => `done ${state}`, refusalOf);
    }
  }

  async #fire({ firing, key, starts }: Extract<Asked, { kind: 'fire' }>): Promise<string> {
    const executions = starts.flatMap(({ id, graph, when }, at) =>
      draftOf({ graph, runWhen: when }).executions.map((draft) => ({ ...draft, id, workflow: `w${at + 1}` })),
    );
    const dedup = key === null ? null : wish(key, { cooldown: false });
    const verdict = await fire(this.engine.store, { ...draftOf({ id: firing, dedup }), executions });
    return verdict.status === 'duplicate' ? `duplicate of ${verdict.firingId}` : verdict.status;
  }

  async #prune(failedToo: boolean): Promise<number> {
    const retention = { completedMs: 0, failedMs: failedToo ? 0 : null, skipsMs: null, auditMs: null };
    const options = { retention } as unknown as ResolvedEngineOptions;
    return (await new Pruner(this.engine.store, this.clock, options).runOnce()).firings;
  }
}

function refusalOf(error: unknown): string {
  if (isTriggersError(error, 'TRG_API_EXECUTION_NOT_FOUND')) return 'absent';
  if (!isTriggersError(error, 'TRG_API_CONFLICT')) throw error;
  const { state, holder } = (error.details ?? {}) as { readonly state?: string; readonly holder?: string };
  if (holder !== undefined) return `held by ${holder}`;
  return state === undefined ? 'nothingLeft' : `refused ${state}`;
}
