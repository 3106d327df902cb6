import { Injectable } from '@nestjs/common';
import { TriggersError } from '../model/errors.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import { hasEnded } from '../model/states.js';
import type { ExecutionState } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import { batch } from '../store/dialects/batch.js';
import type { Row } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { keyOfContext } from './dedup-key.js';
import type { DedupKey } from './dedup-key.js';
import type { ReplayRequest } from './fire.types.js';
import { directSource, sourceOf } from './firing-source.js';
import type { FiringSource } from './firing-source.js';
import { undeclared } from './letter.source.js';
import { PayloadReaders, keptOf } from './payload-readers.js';
import type { TriggerDefinition } from './trigger.definition.js';
import { TriggerRegistry } from './trigger.registry.js';

const READ_FIRING = batch(
  'replay_read',
  { _id: 'text' },
  () => `SELECT e.state, e.workflow, e.trigger, e.firing_id, f.context, f.payload, f.dedup_key, f.dedup_label
    FROM g JOIN triggers_execution e ON e.id = g._id JOIN triggers_firing f ON f.id = e.firing_id`,
);

/** What a replay fires again. */
interface Refired {
  readonly item: FireItem;
  /** What was sent, or what the operator has made of it, where it is not the context. */
  readonly payload: string | undefined;
}

/** An execution that can be replayed. */
export interface FoundReplay {
  readonly source: FiringSource;
  readonly firingId: FiringId;
  /** The key that somebody chose; `undefined` where the context alone makes the key. */
  readonly replayKey: DedupKey | undefined;
  /**
   * What to fire, or why nothing is: the trigger wants nothing of the edited payload. Asks the code of the trigger.
   *
   * @throws what the reader of the payload throws
   */
  readonly read: () => Promise<Refired | { readonly skipped: string }>;
}

/**
 * Finds what the replay of an execution fires: the context of its firing. An edited one takes the place of the context, or
 * of what was sent where the trigger keeps that: then it goes through everything that the source does.
 */
@Injectable()
export class ReplaySource {
  constructor(
    private readonly store: Store,
    private readonly workflows: WorkflowRegistry,
    private readonly triggers: TriggerRegistry,
    private readonly readers: PayloadReaders,
  ) {}

  /** @throws TRG_API_EXECUTION_NOT_FOUND, TRG_API_CONFLICT */
  async find(executionId: ExecutionId, asked: ReplayRequest = {}): Promise<FoundReplay> {
    const row = await this.#read(executionId);
    const workflow = this.#workflowOf(row);
    const trigger = this.#triggerOf(row);
    const source =
      trigger === undefined
        ? directSource(workflow)
        : { ...sourceOf(trigger, { onLimit: 'delay' }), workflows: [workflow] };
    const context = JSON.parse((row['context'] as string | null) ?? '{}') as JsonObject;
    return {
      source,
      firingId: row['firing_id'] as FiringId,
      replayKey: chosenKey(row, context),
      read: () => this.#firedBy(trigger, row, context, asked),
    };
  }

  async #firedBy(
    trigger: TriggerDefinition | undefined,
    row: Row,
    context: JsonObject,
    asked: ReplayRequest,
  ): Promise<Refired | { readonly skipped: string }> {
    const { edited } = asked;
    if (edited === undefined) return { item: { context }, payload: (row['payload'] as string | null) ?? undefined };
    const read = trigger?.keepsPayload === true ? this.readers.get(trigger.kind) : undefined;
    if (trigger === undefined || read === undefined) return { item: { context: edited as object }, payload: undefined };
    const payload = JSON.stringify(edited);
    const found = await read(trigger, keptOf(row, payload, asked));
    if ('skipped' in found) return found;
    const [item] = found.items;
    return item === undefined ? { skipped: 'nothing was made of it' } : { item, payload };
  }

  async #read(executionId: ExecutionId): Promise<Row> {
    const [row] = await this.store.read(READ_FIRING, [[executionId]]);
    if (row === undefined) {
      throw new TriggersError('TRG_API_EXECUTION_NOT_FOUND', `There is no execution "${executionId}".`, {
        details: { executionId },
      });
    }
    if (hasEnded(row['state'] as ExecutionState)) return row;
    throw conflict(
      `Execution "${executionId}" is ${String(row['state'])}; only an ended one can be replayed. Cancel it first.`,
    );
  }

  #workflowOf(row: Row): WorkflowDefinition {
    const workflow = this.workflows.get(row['workflow'] as string);
    if (workflow !== undefined) return workflow;
    throw conflict(`No workflow "${String(row['workflow'])}" is declared any more, so nothing can be replayed.`);
  }

  /** `undefined` for a workflow that a program asked for. A trigger that is unknown refuses: its rules cannot be asked. */
  #triggerOf(row: Row): TriggerDefinition | undefined {
    const name = row['trigger'] as string | null;
    if (name === null) return undefined;
    const trigger = this.triggers.resolve(name);
    if (trigger === undefined) throw undeclared(name);
    return trigger;
  }
}

/** Its bytes, because the label is only for people: cleaned, and of any form. */
function chosenKey(row: Row, context: JsonObject): DedupKey | undefined {
  const bytes = row['dedup_key'] as Buffer | null;
  if (bytes === null || keyOfContext(context).bytes.equals(bytes)) return undefined;
  return { bytes, label: row['dedup_label'] as string };
}

function conflict(message: string): TriggersError {
  return new TriggersError('TRG_API_CONFLICT', message);
}
