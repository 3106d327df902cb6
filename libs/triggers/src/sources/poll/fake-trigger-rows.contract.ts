import { PollIntake } from '../../intake/poll-intake.js';
import type { StoredTrigger } from '../../intake/poll-intake.js';
import type { Clock } from '../../model/clock.js';
import type { NodeId } from '../../model/ids.js';

type Row = { -readonly [K in keyof StoredTrigger]: StoredTrigger[K] } & { owner: string | null };

/** What the nodes of one store share. */
export class FakeTriggers {
  readonly rows = new Map<string, Row>();
  readonly living = new Set<string>();
}

/** The rows of triggers in memory, as nodes see them, and what others than this node do to them. */
export abstract class FakeTriggerRows extends PollIntake {
  readonly rows: Map<string, Row>;

  constructor(
    protected readonly clock: Clock,
    protected readonly shared: FakeTriggers | null = null,
    readonly nodeId = 'me' as NodeId,
  ) {
    super();
    this.rows = (shared ?? new FakeTriggers()).rows;
    shared?.living.add(nodeId);
  }

  get isAlone(): boolean {
    return this.shared === null;
  }

  row(name: string): Row {
    const found = this.rows.get(name);
    if (found === undefined) throw new Error(`no row ${name}`);
    return found;
  }

  seed(name: string, row: Partial<Row> = {}): Row {
    const full: Row = {
      name,
      mine: false,
      owner: null,
      epoch: 0,
      wantedBy: null,
      cursorVersion: 0,
      cursor: null,
      enabledOverride: null,
      intervalOverrideMs: null,
      consecutiveFailures: 0,
      lastError: null,
      suspendedAt: null,
      lastPollAt: null,
      lastPollAgoMs: null,
      lastFireAt: null,
      firstSeenAt: new Date(this.clock.now()),
      ...row,
    };
    this.rows.set(name, full);
    return full;
  }

  /** What an operator does: it raises the version. */
  operate(name: string, change: Partial<Row>): void {
    const row = this.row(name);
    Object.assign(row, change, { cursorVersion: row.cursorVersion + 1 });
  }

  /** Another node takes it. */
  steal(name: string): void {
    const row = this.row(name);
    Object.assign(row, { owner: 'other', epoch: row.epoch + 1 });
  }

  protected named(names: readonly string[]): Row[] {
    return names.flatMap((name) => this.rows.get(name) ?? []);
  }

  /** A node that no test speaks of lives as long as it owns something. */
  protected lives(node: string | null): boolean {
    return node !== null && (this.shared === null || this.shared.living.has(node));
  }

  protected view({ owner, ...row }: Row): StoredTrigger {
    const { lastPollAt, wantedBy } = row;
    return {
      ...row,
      mine: owner === this.nodeId,
      wantedBy: this.lives(wantedBy) ? wantedBy : null,
      lastPollAgoMs: lastPollAt === null ? null : this.clock.now() - lastPollAt.getTime(),
    };
  }
}
