import { Injectable } from '@nestjs/common';
import type { ExecutionItem, NodesOverview } from '../history/history.types.js';
import { HistoryService } from '../history/history.service.js';
import type { Page, PageRequest } from '../history/page.js';
import type { FireOutcome, IdempotencyKey } from '../intake/fire.types.js';
import { IntakeService } from '../intake/intake.service.js';
import { TriggerControl } from '../intake/trigger-control.service.js';
import type { TriggerChange } from '../intake/trigger-control.service.js';
import type { ChangedBy } from '../intake/trigger-control.service.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';
import { TriggerRegistry } from '../intake/trigger.registry.js';
import { Clock } from '../model/clock.js';
import type { FireItem } from '../model/trigger-result.js';
import { OutboxWriter } from '../sources/entity/outbox/outbox-writer.service.js';
import type { PendingFire } from '../sources/entity/outbox/outbox-writer.service.js';
import type { OutboxManager } from '../sources/entity/outbox/outbox.js';
import { ManualFirings } from '../sources/manual/manual-firings.service.js';
import type { SkippedFire } from '../sources/skipped-fire.js';
import { disabled } from '../sources/manual/manual-refusals.js';
import { isManual } from '../sources/manual/manual-trigger.definition.js';
import { PollControl } from '../sources/poll/poll-control.service.js';
import type { DryRunReport, PollReport } from '../sources/poll/poll.reports.js';
import { PollSource } from '../sources/poll/poll.source.js';
import type { RuntimeTrigger } from '../sources/poll/runtime-trigger.js';
import { ScheduleFirings } from '../sources/schedule/schedule-firings.service.js';
import { isSchedule } from '../sources/schedule/schedule.definition.js';
import { EnginePort } from './ports.js';
import { TriggerLookup, conflict } from './trigger.lookup.js';
import { isEnabled, isUndeclared } from './trigger.state.js';
import { toTriggerDetail, toTriggerView } from './trigger.view.js';
import type { TriggerDetail, TriggerView } from './trigger.view.js';

/** Who changes something, and why; stands in the audit. */
export type ChangeOptions = Partial<ChangedBy>;

/** How something is fired by hand. */
export interface FireByHandOptions extends Omit<FireItem, 'context'> {
  /** Who asked; stands on the firing. */
  readonly initiatedBy?: string | undefined;
  /** Why, in the words of who asked; the method of a manual trigger is told. */
  readonly reason?: string | undefined;
  /** The same user and key again get the same outcome. */
  readonly idempotency?: IdempotencyKey | undefined;
}

/** How something is fired in a transaction of the application. */
export interface FireLaterOptions extends Omit<FireByHandOptions, 'idempotency'> {
  /** The `EntityManager` of the transaction. */
  readonly manager: OutboxManager;
}

/**
 * Looks after triggers while the application runs: what the admin API does, as methods.
 *
 * Every method that names a trigger throws TRG_API_TRIGGER_NOT_FOUND for one that is neither declared nor stored; all
 * throw TRG_STORE_UNAVAILABLE when the database does not answer.
 *
 * @example await triggers.setEnabled('file_watcher', false, { by: 'ops', reason: 'maintenance' });
 */
@Injectable()
export class TriggersService {
  readonly #lookup: TriggerLookup;

  constructor(
    registry: TriggerRegistry,
    private readonly records: HistoryService,
    private readonly intake: IntakeService,
    private readonly control: TriggerControl,
    private readonly poller: PollControl,
    private readonly engine: EnginePort,
    private readonly source: PollSource,
    private readonly manual: ManualFirings,
    private readonly schedules: ScheduleFirings,
    private readonly outbox: OutboxWriter,
    private readonly clock: Clock,
  ) {
    this.#lookup = new TriggerLookup(registry, records, poller);
  }

  /** Every trigger, declared or only stored, by name. */
  async list(): Promise<readonly TriggerView[]> {
    const now = this.clock.now();
    return (await this.#lookup.all()).map((sources) => toTriggerView(sources, now));
  }

  /** One trigger, with its declared options, its overrides and its cursor. */
  async get(name: string): Promise<TriggerDetail> {
    return toTriggerDetail(await this.#lookup.find(name), this.clock.now());
  }

  /** Switches a trigger on or off; survives deploys. `null` goes back to what the code says. */
  async setEnabled(name: string, on: boolean | null, change: ChangeOptions = {}): Promise<void> {
    await this.override(name, { enabled: on }, change);
  }

  /** Overrides what the code declares, in one commit; survives deploys. `null` goes back to the code. */
  async override(name: string, overrides: TriggerChange, change: ChangeOptions = {}): Promise<void> {
    if (overrides.intervalMs !== undefined) requirePoll((await this.#lookup.find(name)).definition, name);
    await this.#change(name, (by) => this.control.override(name, overrides, by), change);
  }

  /** Says where the next poll goes on. A poll that runs now is discarded. @throws TRG_POLL_CURSOR */
  async setCursor(name: string, cursor: unknown, change: ChangeOptions = {}): Promise<void> {
    await this.#change(name, (by) => this.control.setCursor(name, cursor, by), change);
  }

  /** Ends a suspension: the failures are forgotten and it is polled again. */
  async resume(name: string, change: ChangeOptions = {}): Promise<void> {
    await this.#change(name, (by) => this.control.resume(name, by), change);
  }

  /**
   * Deletes what is stored of a trigger that nothing declares any more.
   *
   * @throws TRG_API_CONFLICT while a live node declares it
   */
  async forget(name: string, change: ChangeOptions = {}): Promise<void> {
    const { definition, record } = await this.#lookup.find(name);
    if (definition !== undefined || !isUndeclared(record, this.clock.now())) {
      throw conflict(`Trigger "${name}" is declared by the application. Remove it there first, then wait 10 minutes.`);
    }
    await this.#change(name, (by) => this.control.forget(name, by), change);
  }

  /** Its executions, newest first. */
  async history(name: string, page: PageRequest = {}): Promise<Page<ExecutionItem>> {
    await this.#lookup.find(name);
    return this.records.executions({ trigger: name }, page);
  }

  /**
   * Fires a trigger by hand: schema, filter and dedup judge it like any other firing. Without a context the method of a
   * schedule makes one of this moment; methods of poll, webhook and workflow triggers are not called. For a manual trigger
   * `context` is the input; its permission is not asked: whoever calls this has decided. Limits per user and the guard against double
   * clicks need `initiatedBy`.
   *
   * @throws TRG_CONTEXT_*, TRG_DEDUP_KEY, TRG_API_IDEMPOTENCY; for a manual trigger TRG_API_CONFLICT while it is disabled,
   *   or exclusive and not over (`details.executionIds`), TRG_MANUAL_RESULT, and what its method throws
   */
  async fire(name: string, context?: object, options?: FireByHandOptions): Promise<FireOutcome | SkippedFire>;
  /**
   * Fires a trigger if and when a transaction of the application commits: one row is written by its manager. Filter, dedup and
   * schema judge it a moment after the commit; what is wrong with it by then becomes a dead letter.
   *
   * @throws TRG_FIRE_OUTBOX when the DataSource of the manager has no outbox; TRG_CONTEXT_*, TRG_FIRE_OPTION; errors of that database
   * @example await dataSource.transaction(async (manager) => {
   *   const order = await manager.save(Order, { total });
   *   await triggers.fire('order_paid', { orderId: order.id }, { manager });
   * });
   */
  async fire(name: string, context: object | undefined, options: FireLaterOptions): Promise<PendingFire>;
  async fire(
    name: string,
    context?: object,
    { manager, ...options }: FireByHandOptions & Partial<FireLaterOptions> = {},
  ): Promise<FireOutcome | SkippedFire | PendingFire> {
    if (manager !== undefined) return this.outbox.add(manager, name, { ...options, context });
    const { definition, record } = await this.#lookup.declared(name);
    const { reason, ...asked } = options;
    if (isManual(definition)) {
      if (!isEnabled({ definition, record })) throw disabled(name);
      return this.manual.fire(definition, { ...asked, reason, input: context });
    }
    if (isSchedule(definition)) {
      const lastFiredAt = record?.lastFireAt == null ? null : new Date(record.lastFireAt);
      return this.schedules.fire(definition, { ...asked, context, lastFiredAt });
    }
    return this.intake.fire({ ...asked, trigger: definition, context });
  }

  /**
   * Polls now, whatever the interval.
   *
   * @throws TRG_API_CONFLICT when it is no poll trigger (a schedule is fired instead) or cannot be polled now
   */
  async poll(name: string): Promise<Exclude<PollReport, { readonly status: 'refused' }>> {
    requirePoll((await this.#lookup.declared(name)).definition, name);
    const report = await this.poller.pollNow(name);
    if (report.status === 'refused') throw conflict(report.reason);
    return report;
  }

  /**
   * A dry run: what a poll would do now, or the next tick of a schedule, or what firing a manual trigger with this context
   * would. Nothing is written.
   *
   * @throws TRG_API_CONFLICT when it is of another kind, and for a poll trigger or a schedule with a context
   */
  async test(name: string, context?: object, options: FireByHandOptions = {}): Promise<DryRunReport> {
    const { definition } = await this.#lookup.declared(name);
    const { kind } = definition;
    if (isManual(definition)) return this.manual.test(definition, { ...options, input: context });
    if (kind !== 'poll' && kind !== 'schedule')
      throw conflict(
        `Trigger "${name}" is a ${kind} trigger; only poll, schedule and manual triggers can be tried out.`,
      );
    if (context === undefined) return this.poller.test(name);
    throw conflict(`Trigger "${name}" is a ${kind} trigger, which finds its own context. Test it without one.`);
  }

  /** Declares a poll trigger while the application runs, in this process. @throws TRG_DEF_INVALID */
  register(definition: RuntimeTrigger): Promise<void> {
    return this.source.register(definition);
  }

  /** The processes of the application: what each does, runs and owns; and the pools whose tasks wait for one that serves them. */
  nodes(): Promise<NodesOverview> {
    return this.records.nodes();
  }

  /** Starts the engine and the sources of this process, where `autostart: false` or {@link stop} left them standing. */
  start(): Promise<void> {
    return this.engine.start();
  }

  /** Stops them: nothing more is polled or claimed here, and what runs may end. */
  stop(): Promise<void> {
    return this.engine.stop();
  }

  async #change(
    name: string,
    change: (by: ChangedBy) => Promise<void>,
    { by, reason, address }: ChangeOptions,
  ): Promise<void> {
    await this.#lookup.find(name);
    await change({ by: by ?? null, reason: reason ?? null, address: address ?? null });
    this.poller.changed(name);
  }
}

function requirePoll(definition: TriggerDefinition | undefined, name: string): void {
  if (definition === undefined || definition.kind === 'poll') return;
  if (definition.kind === 'schedule') {
    const message = `Trigger "${name}" is a schedule: its ticks come from its calendar, not from polls. To start its workflow now, fire it.`;
    throw conflict(message);
  }
  throw conflict(`Trigger "${name}" is a ${definition.kind} trigger; only poll triggers can be polled.`);
}
