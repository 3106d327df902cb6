import { Injectable } from '@nestjs/common';
import { TriggersError } from '../model/errors.js';
import type { ExecutionId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import { hasEnded } from '../model/states.js';
import type { ExecutionState } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import { batch } from '../store/dialects/batch.js';
import type { Row } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { keyOfContext } from './dedup-key.js';
import type { DedupKey } from './dedup-key.js';
import { directSource, sourceOf } from './firing-source.js';
import type { FiringSource } from './firing-source.js';
import { TriggerRegistry } from './trigger.registry.js';

const READ_FIRING = batch(
  'replay_read',
  { _id: 'text' },
  () => `SELECT e.state, e.workflow, e.trigger, f.context, f.dedup_key, f.dedup_label
    FROM g JOIN triggers_execution e ON e.id = g._id JOIN triggers_firing f ON f.id = e.firing_id`,
);

/** What a replay fires again. */
export interface Replayed {
  readonly source: FiringSource;
  readonly item: FireItem;
  /** The key that somebody chose; `undefined` where the context alone makes the key. */
  readonly replayKey: DedupKey | undefined;
}

/** Finds what a replay fires again. */
@Injectable()
export class ReplaySource {
  constructor(
    private readonly store: Store,
    private readonly workflows: WorkflowRegistry,
    private readonly triggers: TriggerRegistry,
  ) {}

  /** @throws TRG_API_EXECUTION_NOT_FOUND, TRG_API_CONFLICT */
  async find(executionId: ExecutionId): Promise<Replayed> {
    const [row] = await this.store.read(READ_FIRING, [[executionId]]);
    if (row === undefined) {
      throw new TriggersError('TRG_API_EXECUTION_NOT_FOUND', `There is no execution "${executionId}".`, {
        details: { executionId },
      });
    }
    if (!hasEnded(row['state'] as ExecutionState)) {
      throw conflict(
        `Execution "${executionId}" is ${String(row['state'])}; only an ended one can be replayed. Cancel it first.`,
      );
    }
    const workflow = this.workflows.get(row['workflow'] as string);
    if (workflow === undefined)
      throw conflict(`No workflow "${String(row['workflow'])}" is declared any more, so nothing can be replayed.`);
    const trigger = row['trigger'] === null ? undefined : this.triggers.get(row['trigger'] as string);
    const source =
      trigger === undefined
        ? directSource(workflow)
        : { ...sourceOf(trigger, { onLimit: 'delay' }), workflows: [workflow] };
    const context = JSON.parse((row['context'] as string | null) ?? '{}') as JsonObject;
    return { source, item: { context }, replayKey: chosenKey(row, context) };
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
