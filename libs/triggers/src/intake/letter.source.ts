import { Injectable } from '@nestjs/common';
import { TriggersError } from '../model/errors.js';
import type { FiringId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import type { FireItem } from '../model/trigger-result.js';
import type { Row } from '../store/dialects/batch.js';
import { READ_LETTER } from '../store/letter.repository.js';
import { Store } from '../store/store.service.js';
import { keyOfPlace } from './dedup-key.js';
import type { DedupKey } from './dedup-key.js';
import type { Delivery, ReplayRequest } from './fire.types.js';
import { sourceOf } from './firing-source.js';
import type { FiringSource } from './firing-source.js';
import { PayloadReaders, keptOf } from './payload-readers.js';
import type { PayloadReader, ReadPayload } from './payload-readers.js';
import type { ResolvedDedup, TriggerDefinition } from './trigger.definition.js';
import { TriggerRegistry } from './trigger.registry.js';

/** A firing of the replay of a dead letter. */
export interface LetterFiring {
  readonly source: FiringSource;
  readonly item: FireItem;
  /** The key of the letter, where the item has none of its own. */
  readonly replayKey: DedupKey | undefined;
  /** What the letter is of, or the item of the letter came in. */
  readonly delivery: Delivery | undefined;
}

/** What the replay of a dead letter fires. */
interface LetterReplay {
  readonly fired: readonly LetterFiring[];
  /** What the sender sent or the operator has made of it, where it is not the context. */
  readonly payload: string | undefined;
}

/** What a dead letter says of its replay: who knows what to fire, or that it is over. */
export type FoundLetter =
  | {
      readonly kind: 'open';
      readonly trigger: TriggerDefinition;
      /** What to fire, or why nothing is; asks the code of the trigger. @throws TRG_CONTEXT_*, TRG_API_CONFLICT */
      readonly read: () => Promise<LetterReplay | { readonly skipped: string }>;
    }
  /** `by`: what was accepted instead; `null` when it was discarded. */
  | { readonly kind: 'over'; readonly by: FiringId | null };

/** Finds what the replay of a dead firing fires: its payload or the edited one, through everything that its source does. */
@Injectable()
export class LetterSource {
  constructor(
    private readonly store: Store,
    private readonly triggers: TriggerRegistry,
    private readonly readers: PayloadReaders,
  ) {}

  /** @throws TRG_API_DEAD_LETTER_NOT_FOUND, TRG_API_CONFLICT */
  async find(id: FiringId, asked: ReplayRequest): Promise<FoundLetter> {
    const [row] = await this.store.read(READ_LETTER, [[id]]);
    if (row === undefined) throw noDeadLetter(id);
    if (row['closed_at'] !== null) return { kind: 'over', by: row['closed_by'] as FiringId | null };
    const trigger = this.#triggerOf(row);
    return { kind: 'open', trigger, read: () => this.#replayOf(trigger, row, asked) };
  }

  async #replayOf(
    trigger: TriggerDefinition,
    row: Row,
    asked: ReplayRequest,
  ): Promise<LetterReplay | { readonly skipped: string }> {
    const read = await this.#read(trigger, row, asked);
    if ('skipped' in read) return read;
    const key = keyOfEvent(trigger, row, this.readers.get(trigger.kind));
    return { fired: firingsOf(trigger, read, key), payload: read.payload };
  }

  #triggerOf(row: Row): TriggerDefinition {
    const name = row['trigger'] as string | null;
    if (name === null) throw conflict('This firing asked for a workflow without a trigger. Start the workflow again.');
    const trigger = this.triggers.resolve(name);
    if (trigger === undefined) throw undeclared(name);
    return trigger;
  }

  async #read(
    trigger: TriggerDefinition,
    row: Row,
    asked: ReplayRequest,
  ): Promise<(ReadPayload & Pick<LetterReplay, 'payload'>) | { readonly skipped: string }> {
    const { edited } = asked;
    const [context, kept] = [row['context'] as string | null, row['payload'] as string | null];
    const reader = this.readers.get(trigger.kind);
    if (reader !== undefined && (kept !== null || edited !== undefined)) {
      const payload = edited === undefined ? (kept as string) : JSON.stringify(edited);
      const read = await reader(trigger, keptOf(row, payload, asked));
      return 'skipped' in read ? read : { ...read, payload };
    }
    const items = (given: object) => ({ items: [{ context: given }], deliveryKey: null, payload: undefined });
    if (edited !== undefined) return items(edited as object);
    if (context !== null) return items(JSON.parse(context) as JsonObject);
    throw conflict('Nothing of the context was kept, because it cannot be stored. Give a payload that can.');
  }
}

/** What is not there, was never a dead letter, or was pruned. */
export function noDeadLetter(id: string): TriggersError {
  const message = `There is no dead letter "${id}"; it may have been pruned.`;
  return new TriggersError('TRG_API_DEAD_LETTER_NOT_FOUND', message, { details: { id } });
}

/** A trigger fired this that this process does not declare, under no former name either. */
export function undeclared(name: string): TriggersError {
  return conflict(
    `This process does not declare trigger "${name}" (any more), so nothing can be replayed here. Ask a process that does; ` +
      'if the trigger has another name now, put this one into its "aliases".',
  );
}

/** What keeps the event of a letter from being fired twice: its key, and what is left of the window of that. */
interface EventKey {
  readonly key: DedupKey | undefined;
  /** @default what the trigger says */
  readonly dedup: ResolvedDedup | undefined;
}

const NONE: EventKey = { key: undefined, dedup: { scope: 'off' } };

/**
 * A replay lengthens no window: where it is over, an equal key is another event, and the letter alone sees to it that its own is fired once. So it
 * is where its source makes keys and gave it none.
 */
function keyOfEvent({ dedup }: TriggerDefinition, row: Row, reader: PayloadReader | undefined): EventKey {
  const key = keyOf(row);
  if (key === undefined) return reader !== undefined && row['payload'] !== null ? NONE : { key, dedup: undefined };
  if (row['left_ms'] === null || dedup.scope !== 'window') return { key, dedup: undefined };
  const windowMs = Number(row['left_ms']);
  return windowMs > 0 ? { key, dedup: { scope: 'window', windowMs } } : NONE;
}

/** What came as one delivery stays together: what is too much of it comes later. A key of an item's own goes before that of the letter. */
function firingsOf(
  trigger: TriggerDefinition,
  { items, deliveryKey, ownKeys }: ReadPayload,
  { key, dedup }: EventKey,
): LetterFiring[] {
  const onLimit = items.length === 1 ? 'refuse' : 'delay';
  const isKnown = key !== undefined && deliveryKey !== null;
  const delivery = isKnown ? { key: deliveryKey, dedup: dedup ?? trigger.dedup } : undefined;
  return items.map((item, at): LetterFiring => {
    if (item.dedupKey !== undefined)
      return { source: sourceOf(trigger, { onLimit, dedup: ownKeys }), item, replayKey: undefined, delivery };
    const source = sourceOf(trigger, { onLimit, dedup });
    if (items.length === 1 || !isKnown) return { source, item, replayKey: key, delivery };
    return { source, item: { ...item, dedupKey: keyOfPlace(deliveryKey, at) }, replayKey: undefined, delivery };
  });
}

function keyOf(row: Row): DedupKey | undefined {
  const bytes = row['dedup_key'] as Buffer | null;
  return bytes === null ? undefined : { bytes, label: row['dedup_label'] as string };
}

function conflict(message: string): TriggersError {
  return new TriggersError('TRG_API_CONFLICT', message);
}
