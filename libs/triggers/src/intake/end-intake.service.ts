import { Injectable } from '@nestjs/common';
import { causedBy } from '../model/causation.js';
import type { ExecutionId, NodeId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import { NodeIdentity } from '../model/node-identity.js';
import type { EndState } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import { FOLLOW_UP } from '../store/commits/follow-up.commit.js';
import type { FollowUpItem, FollowUpOutcome } from '../store/commits/follow-up.commit.js';
import { toDate } from '../store/dialects/batch.js';
import { mergedResult } from '../store/ended-execution.js';
import { orphanedFollowUps, readEnd, readFollowRules } from '../store/follow-up.repository.js';
import type { FollowRule, FollowUp, Follower, Followers } from '../store/followers.js';
import { Store } from '../store/store.service.js';
import type { FireOutcome } from './fire.types.js';
import { sourceOf } from './firing-source.js';
import { IntakeCounter } from './intake-counter.js';
import { IntakePipe } from './intake.pipe.js';
import { IntakeService } from './intake.service.js';
import type { TriggerDefinition } from './trigger.definition.js';

// Sources know the store only through intake.
export type { FollowRule, FollowUp } from '../store/followers.js';

/** The error that an execution has failed with: that of the first task that failed. */
export interface EndError {
  readonly task: string;
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** An end of an execution, as its rows tell it. */
export interface ReadEnd {
  readonly executionId: ExecutionId;
  readonly workflow: string;
  readonly state: EndState;
  readonly error: EndError | null;
  readonly finishedAt: Date;
  readonly input: JsonObject;
  /** Input and outputs, merged. */
  readonly result: JsonObject;
  /** The trigger that had started it. */
  readonly trigger: string | null;
  readonly depth: number;
  /** An operator's switch of the trigger that follows. */
  readonly enabledOverride: boolean | null;
}

/** What a trigger makes of an end. */
export type FollowedBy =
  | { readonly kind: 'fire'; readonly items: readonly FireItem[] }
  /** Nothing starts: the author said so (`filtered`), or something is wrong with it (`dead`). */
  | { readonly kind: 'filtered' | 'dead'; readonly context: object; readonly reason: string };

/**
 * Knows which triggers follow which workflows, here and on other nodes, and commits what they fire.
 *
 * The commit of an end leaves a follow-up for each trigger that follows it, also on a node that does not declare the
 * trigger: every node reads the rules of the others from the rows of their triggers. What a node does not declare it
 * leaves to those that do.
 */
@Injectable()
export class EndIntake implements Followers {
  #declared: ReadonlyMap<string, FollowRule> = new Map();
  #learned: ReadonlyMap<string, FollowRule> = new Map();
  #byWorkflow: ReadonlyMap<string, readonly Follower[]> = new Map();
  #onDue: ((followUps: readonly FollowUp[]) => void) | null = null;

  constructor(
    private readonly store: Store,
    private readonly node: NodeIdentity,
    private readonly pipe: IntakePipe,
    private readonly intake: IntakeService,
    private readonly counter: IntakeCounter,
  ) {}

  get nodeId(): NodeId {
    return this.node.id;
  }

  of(workflow: string): readonly Follower[] {
    return this.#byWorkflow.get(workflow) ?? NOBODY;
  }

  due(followUps: readonly FollowUp[]): void {
    this.#onDue?.(followUps);
  }

  /** What the triggers of this process follow, by their names. From now on their ends leave follow-ups. */
  declare(rules: ReadonlyMap<string, FollowRule>): void {
    this.#declared = rules;
    this.#index();
  }

  /** This node does its follow-ups from now on, told of them with the commit; `null`: no longer, others do. */
  serve(onDue: ((followUps: readonly FollowUp[]) => void) | null): void {
    this.#onDue = onDue;
    this.#index();
  }

  /** Whether this node does its follow-ups. */
  get isServing(): boolean {
    return this.#onDue !== null;
  }

  /** Reads what triggers of other nodes follow. @throws TRG_STORE_UNAVAILABLE */
  async learn(): Promise<void> {
    this.#learned = await this.store.look(() => readFollowRules());
    this.#index();
  }

  /** Tells the other nodes that these triggers are declared now; one that is not told learns it with its next renewal. */
  announce(): void {
    for (const name of this.#declared.keys()) this.store.notices.tell({ about: 'trigger', name });
  }

  /** Follow-ups of triggers of this process that nobody alive is about to do. */
  orphaned(): Promise<readonly FollowUp[]> {
    return this.store.look(() => orphanedFollowUps([...this.#declared.keys()], this.nodeId));
  }

  /** The end that is to be followed; `null` when it was, or its execution was pruned. */
  async read(followUp: FollowUp): Promise<ReadEnd | null> {
    const { row, outputs } = await this.store.look(() => readEnd(followUp));
    if (row === undefined) return null;
    // What has started something has a context.
    const input = row['context'] as string;
    const enabled = row['enabled_override'];
    return {
      executionId: followUp.executionId,
      workflow: row['workflow'] as string,
      state: row['state'] as EndState,
      error: JSON.parse((row['error'] as string | null) ?? 'null') as EndError | null,
      finishedAt: toDate(row['finished_at']) as Date,
      input: JSON.parse(input) as JsonObject,
      result: mergedResult(input, outputs),
      trigger: row['trigger'] as string | null,
      depth: Number(row['depth']),
      enabledOverride: enabled === null ? null : Boolean(enabled),
    };
  }

  /**
   * Commits what follows an end, all or nothing, and once: whoever comes second changes nothing. A bad item becomes its
   * own dead letter. While the store is away it is kept and tried again. Tells `firing.*` events.
   *
   * @returns what became of each item; `null` when the end was followed before or the trigger is disabled
   * @throws TRG_STORE_UNAVAILABLE when the application stops; the database's error when the write itself is at fault
   */
  async follow(
    { id }: FollowUp,
    trigger: TriggerDefinition,
    { executionId, depth }: Pick<ReadEnd, 'executionId' | 'depth'>,
    by: FollowedBy,
  ): Promise<readonly FireOutcome[] | null> {
    const drafts = await causedBy({ executionId, depth }, () => this.#drafts(trigger, by));
    const item: FollowUpItem = { id, declaredEnabled: trigger.enabled, drafts };
    const outcome = await this.store.commits.submit<FollowUpItem, FollowUpOutcome>(FOLLOW_UP, item);
    if (outcome.status === 'over') return null;
    return outcome.fired.map(([draft, verdict]) => {
      const told = this.intake.conclude(draft, verdict);
      if (told.status === 'accepted') this.counter.fired(trigger.name, 'fires');
      else if (told.status === 'duplicate') this.counter.fired(trigger.name, 'duplicates');
      return told;
    });
  }

  async #drafts(trigger: TriggerDefinition, by: FollowedBy): Promise<FollowUpItem['drafts']> {
    const source = sourceOf(trigger);
    if (by.kind !== 'fire') return [this.pipe.settled(source, { context: by.context }, by.kind, by.reason)];
    return Promise.all(by.items.map((item) => this.pipe.draft(source, item, 'keep')));
  }

  #index(): void {
    const byWorkflow = new Map<string, Follower[]>();
    for (const [trigger, { workflow, on }] of new Map([...this.#learned, ...this.#declared])) {
      const isHere = this.#onDue !== null && this.#declared.has(trigger);
      byWorkflow.set(workflow, [...(byWorkflow.get(workflow) ?? []), { trigger, on, isHere }]);
    }
    this.#byWorkflow = byWorkflow;
    this.store.commits.followers = byWorkflow.size === 0 ? null : this;
  }
}

const NOBODY: readonly Follower[] = [];
