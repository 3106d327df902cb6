import type { FiringId, NodeId } from '../model/ids.js';
import type { FireItem } from '../model/trigger-result.js';
import type { FiringDraft } from '../store/commits/firing.draft.js';
import type { PollItem } from '../store/commits/poll.commit.js';
import type { HandOver, TriggerHoldings } from '../store/trigger-owner.repository.js';
import type { TriggerDeclaration, TriggerRecord } from '../store/trigger.repository.js';
import type { FireOutcome } from './fire.types.js';
import type { TriggerDefinition } from './trigger.definition.js';

// Sources know the store only through intake.
export type { PollCounts, TickDraft } from '../store/commits/poll.commit.js';
export type { HandOver, HeldTriggers, TriggerHoldings } from '../store/trigger-owner.repository.js';

/** A trigger that this process declares, as its row needs it. */
export type DeclaredTrigger = TriggerDeclaration;

/** What is stored of a trigger and its poller has to know. */
export type StoredTrigger = TriggerRecord;

/** The part of {@link StoredTrigger} that tells whether an operator or another node changed it. */
export type TriggerStamp = Pick<StoredTrigger, 'name' | 'epoch' | 'cursorVersion' | 'intervalOverrideMs' | 'wantedBy'>;

/** One thing that a poll found. */
export interface PolledItem extends FireItem {
  /** The tick of a schedule that it stands for. */
  readonly scheduledFor?: Date | undefined;
}

/** One item of a poll after the pipe before the commit; all ids are chosen. */
export type PreparedFiring = FiringDraft;

/** What a poll wants to write. This node is the owner. */
export type PollWrite = Omit<PollItem, 'owner'>;

/** What became of a {@link PollWrite}. */
export type PollWritten =
  | {
      readonly status: 'committed';
      /** `false`: every firing was a duplicate and nothing else had to be written. */
      readonly wrote: boolean;
      /** One for each draft, in their order. */
      readonly outcomes: readonly FireOutcome[];
    }
  /** Owner, cursor or switch changed meanwhile: nothing was written. */
  | { readonly status: 'superseded' };

/** What a firing would become, found by reading only. */
export interface FirePreview {
  readonly status: FireOutcome['status'];
  readonly dedupKey: string | null;
  readonly reason: string | null;
  /** The original's for a duplicate. */
  readonly firingId: FiringId | null;
}

/**
 * What pollers need of intake and of the store behind it. This node's identity is known to the implementation.
 *
 * Every method takes any number of names; callers send at most 500 at once, but for {@link PollIntake.holdings}.
 */
export abstract class PollIntake {
  /** This node's identity; another one after a lost lease. */
  abstract get nodeId(): NodeId;

  /** Whether no other process can poll while this one does: there is nobody to share with. */
  abstract get isAlone(): boolean;

  /**
   * Makes sure that every trigger has a row and was seen now. Never touches what operators set, cursors or counters.
   *
   * @throws TRG_STORE_UNAVAILABLE
   */
  abstract declare(triggers: readonly DeclaredTrigger[]): Promise<void>;

  /**
   * Takes the triggers that nobody alive owns, or that this node owned before, and raises their epoch: a write of an
   * earlier owner is refused from now on.
   *
   * @param limit at most so many, all by default; of a race each node gets others
   * @returns those that this node has taken; the others are polled elsewhere, or beyond the limit
   * @throws TRG_STORE_UNAVAILABLE
   */
  abstract acquire(names: readonly string[], limit?: number): Promise<readonly StoredTrigger[]>;

  /**
   * Gives triggers of this node up, and its wish for others; any node may take them at once.
   *
   * @throws TRG_STORE_UNAVAILABLE
   */
  abstract release(names: readonly string[]): Promise<void>;

  /** Who polls how many of these, and of all others. One statement for all names, at every renewal. */
  abstract holdings(names: readonly string[]): Promise<TriggerHoldings>;

  /**
   * Asks a node to hand over at most so many of these triggers: some that it owns and that nobody alive wants yet.
   *
   * @returns how many it is asked for
   * @throws TRG_STORE_UNAVAILABLE
   */
  abstract want(names: readonly string[], from: NodeId, limit: number): Promise<number>;

  /**
   * Makes the nodes that want triggers of this one their owners, and raises their epoch.
   *
   * @returns the names of those that have the new owner; of the others owner, epoch or wanter have changed
   * @throws TRG_STORE_UNAVAILABLE
   */
  abstract handOver(handOvers: readonly HandOver[]): Promise<readonly string[]>;

  /** Those of these triggers that this node owns, among them what was handed over to it. */
  abstract owned(names: readonly string[]): Promise<readonly StoredTrigger[]>;

  /** What is stored of triggers, whoever owns them; names without a row are left out. */
  abstract read(names: readonly string[]): Promise<readonly StoredTrigger[]>;

  /** Tells the node that owns a trigger that it was changed; lost, it finds out at its next renewal. */
  abstract tellChanged(name: string): void;

  /** The stamps of those triggers that this node owns; the others were lost. Cheap: asked for all triggers every 10 s. */
  abstract stamps(names: readonly string[]): Promise<readonly TriggerStamp[]>;

  /**
   * The pipe before the commit, for each item: rules of contexts, schema, filter, hash. A bad item becomes its own dead
   * or rejected draft; order and number are kept.
   */
  abstract prepare(trigger: TriggerDefinition, items: readonly PolledItem[]): Promise<readonly PreparedFiring[]>;

  /**
   * Commits a poll: firings, cursor, clock, counts and ticks, all or nothing, guarded by owner, epoch, cursor version and
   * switch. While the store is away it is kept and tried again; with `deadlineMs` only that long. Counts duplicates and
   * tells `firing.*` events.
   *
   * @throws TRG_STORE_UNAVAILABLE after the deadline; the database's error when the write itself is at fault
   */
  abstract commit(write: PollWrite, options?: { readonly deadlineMs?: number }): Promise<PollWritten>;

  /** What {@link prepare} and {@link commit} would decide for each item, by reads only. */
  abstract preview(trigger: TriggerDefinition, items: readonly FireItem[]): Promise<readonly FirePreview[]>;
}
