import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Injectable } from '@nestjs/common';
import { causedBy } from '../model/causation.js';
import type { Cause } from '../model/causation.js';
import { isTriggersError } from '../model/errors.js';
import { errorMessage } from '../model/text.js';
import type { FireItem } from '../model/trigger-result.js';
import { FIRING } from '../store/commits/firing.commit.js';
import type { FiringDraft } from '../store/commits/firing.draft.js';
import { Store } from '../store/store.service.js';
import type { FireOutcome } from './fire.types.js';
import { sourceOf } from './firing-source.js';
import type { FiringExtras, FiringSource } from './firing-source.js';
import { IntakeCounter } from './intake-counter.js';
import { IntakePipe } from './intake.pipe.js';
import { IntakeService } from './intake.service.js';
import type { ResolvedDedup, TriggerDefinition } from './trigger.definition.js';

/** How long a row of an outbox is known after it was fired: 7 days. Until it is taken away it comes again and again. */
export const OUTBOX_KEY_MS = 604_800_000;

/** One thing that a row of an outbox stands for. */
export interface OutboxFiring {
  readonly trigger: TriggerDefinition;
  /** Of the row, and of its place among several: whatever comes with it again is the same. */
  readonly key: string;
  readonly what:
    | { readonly kind: 'fire'; readonly item: FireItem }
    /** Nothing starts: the author said so (`filtered`), or something is wrong with it (`dead`). */
    | { readonly kind: 'filtered' | 'dead'; readonly reason: string; readonly context?: object | undefined };
  /** What is kept of one that becomes a dead letter. */
  readonly payload?: string | undefined;
  /** Who wrote the row. */
  readonly cause?: Cause | undefined;
  readonly whenDisabled?: 'hold' | 'refuse' | undefined;
  readonly initiatedBy?: string | undefined;
  /** @default what the trigger says */
  readonly dedup?: ResolvedDedup | undefined;
}

/** Commits what outboxes hold: each once, in their order, and all of a call in as few commits as they fit into. */
@Injectable()
export class OutboxIntake {
  constructor(
    private readonly store: Store,
    private readonly pipe: IntakePipe,
    private readonly intake: IntakeService,
    private readonly counter: IntakeCounter,
  ) {}

  /** Whether a path leads to the file that this module writes. */
  isOwnFile(path: string): boolean {
    const { options } = this.store;
    return options.type === 'sqlite' && options.path !== ':memory:' && realOf(path) === realOf(options.path);
  }

  /**
   * Fires in this order. A bad one becomes its own dead letter, also one that the filter fails on.
   *
   * @returns what became of each
   * @throws TRG_STORE_UNAVAILABLE when the database does not answer within the commit deadline: come again with all of them
   */
  async take(firings: readonly OutboxFiring[]): Promise<readonly FireOutcome[]> {
    const drafts: FiringDraft[] = [];
    for (const firing of firings) drafts.push(await causedBy(firing.cause, () => this.#draft(firing)));
    return allOf(drafts.map((draft, at) => this.#commit(draft, firings[at] as OutboxFiring)));
  }

  async #commit(draft: FiringDraft, firing: OutboxFiring): Promise<FireOutcome> {
    const { trigger, key } = firing;
    const outcome = await this.#submit(draft).catch((error: unknown) => {
      if (isTriggersError(error)) throw error;
      // The database takes anything but this row: without its content it can at least be told of.
      const reason = `It could not be stored: ${errorMessage(error)}`;
      return this.#submit(this.pipe.unjudged(sourceOf(trigger), { state: 'dead', reason }, { dedupKey: key }));
    });
    if (outcome.status === 'accepted') this.counter.fired(trigger.name, 'fires');
    else if (outcome.status === 'duplicate') this.counter.fired(trigger.name, 'duplicates');
    return outcome;
  }

  async #submit(draft: FiringDraft): Promise<FireOutcome> {
    const { commits, options } = this.store;
    const verdict = await commits.submit(FIRING, draft, { deadlineMs: options.commitDeadlineMs });
    return this.intake.conclude(draft, verdict);
  }

  async #draft(firing: OutboxFiring): Promise<FiringDraft> {
    const { trigger, what, payload, key, whenDisabled, initiatedBy, dedup = trigger.dedup } = firing;
    const isKeyed = what.kind === 'fire' && what.item.dedupKey !== undefined;
    const known = { scope: 'window', windowMs: OUTBOX_KEY_MS } as const;
    // Where the author chose a key or says how long one is held, that of the row stands beside it.
    const ownKey = isKeyed || dedup.scope !== 'off';
    const source = sourceOf(trigger, { whenDisabled, dedup: ownKey ? dedup : known });
    const extras = { payload, initiatedBy, ...(ownKey && { guard: { key, windowMs: OUTBOX_KEY_MS } }) };
    if (what.kind !== 'fire') return this.#settled(source, what, { key, extras });
    const item = ownKey ? what.item : { ...what.item, dedupKey: key };
    return this.pipe.draft(source, item, 'keep', extras);
  }

  #settled(
    source: FiringSource,
    { kind, reason, context }: Exclude<OutboxFiring['what'], { kind: 'fire' }>,
    { key, extras }: { readonly key: string; readonly extras: FiringExtras },
  ): FiringDraft {
    // What is replayed from its payload needs no context, and a context may be what is wrong with it.
    if (context !== undefined && extras.payload === undefined)
      return this.pipe.settled(source, { context, dedupKey: key }, kind, reason);
    return this.pipe.unjudged(source, { state: kind, reason }, { dedupKey: key }, extras);
  }
}

/** Waits for all, and then throws the first error: none may go on unseen. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(promises);
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((one) => (one as PromiseFulfilledResult<T>).value);
}

/** The file may not exist yet; its folder does, or opening it says so. */
function realOf(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    try {
      return join(realpathSync(dirname(absolute)), basename(absolute));
    } catch {
      return absolute;
    }
  }
}
