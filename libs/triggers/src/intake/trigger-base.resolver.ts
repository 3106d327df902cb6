import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { parseDuration } from '../model/duration.js';
import { TriggersError } from '../model/errors.js';
import { errorMessage } from '../model/text.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { DEFAULT_TRIGGER_OPTIONS } from './trigger-options.js';
import type { DedupScope, FromConfig, RateLimit, TriggerBaseOptions, WorkflowRef } from './trigger-options.js';
import { TriggerOverrides } from './trigger-overrides.js';
import type { ResolvedDedup, TriggerDefinition } from './trigger.definition.js';

/** The part of a definition that every source resolves alike. */
export type ResolvedTriggerBase = Omit<
  TriggerDefinition,
  'kind' | 'label' | 'options' | 'pollIntervalMs' | 'follows' | 'timeoutMs'
>;

/** A decorated trigger whose base options are to be checked. */
export interface DeclaredBase {
  /** Checked already. */
  readonly name: string;
  /** For messages: `Trigger "inbox" (InboxTriggers.fileWatcher)`. */
  readonly where: string;
  readonly options: TriggerBaseOptions;
  /** What holds a key when `dedup` says nothing. */
  readonly dedupDefault: 'running' | 'off' | { readonly windowMs: number };
  /** Keeps the definition error that a check throws and goes on: `problems.attempt`. */
  readonly attempt: <T>(check: () => T) => T | undefined;
}

/** Checks the options that all triggers share and fills in their defaults. */
@Injectable()
export class TriggerBaseResolver {
  /** Finds the providers of all modules, unless it is told to be strict. */
  readonly app: ModuleRef;

  constructor(
    private readonly workflows: WorkflowRegistry,
    private readonly overrides: TriggerOverrides,
    moduleRef: ModuleRef,
  ) {
    this.app = seesWholeApp(moduleRef);
  }

  /** The base of a definition; what is wrong went to `attempt`, and a default stands in its place. */
  async resolve({ name, where, options, dedupDefault, attempt }: DeclaredBase): Promise<ResolvedTriggerBase> {
    const declared = options.enabled ?? DEFAULT_TRIGGER_OPTIONS.enabled;
    const enabled = await this.fromConfig(declared, `${where}, option "enabled"`);
    return {
      name,
      aliases: options.aliases ?? DEFAULT_TRIGGER_OPTIONS.aliases,
      workflows: refsOf(options).flatMap((ref) => attempt(() => this.workflows.require(ref, where)) ?? []),
      enabled: this.overrides.of(name).enabled ?? attempt(() => checkSwitch(enabled(), where)) ?? true,
      dedup: attempt(() => resolveDedup(options, where, dedupDefault)) ?? { scope: 'off' },
      filter: attempt(() => checkFilter(options.filter, where)) ?? null,
      rateLimit: attempt(() => checkRate(options.rateLimit, where)) ?? null,
      onLimit: attempt(() => checkOnLimit(options.onLimit, where)) ?? DEFAULT_TRIGGER_OPTIONS.onLimit,
      priority: attempt(() => checkPriority(options.priority, where)) ?? DEFAULT_TRIGGER_OPTIONS.priority,
      bigNumbers: attempt(() => checkBigNumbers(options.bigNumbers, where)) ?? null,
    };
  }

  /** The name of a workflow that a trigger listens to. @throws TRG_DEF_UNKNOWN_WORKFLOW */
  nameOf(ref: WorkflowRef, where: string): string {
    return this.workflows.require(ref, where, 'follows').name;
  }

  /**
   * An option that may come from configuration, as something to check: it returns the value, or throws
   * TRG_DEF_INVALID_OPTION if the function threw. Providers of every module can be asked for.
   */
  async fromConfig<T>(value: FromConfig<T>, where: string): Promise<() => T> {
    if (typeof value !== 'function') return () => value;
    try {
      const answer = await (value as (ref: ModuleRef) => T | Promise<T>)(this.app);
      return () => answer;
    } catch (cause) {
      const message = `${where}: the function that should return it threw: ${errorMessage(cause)}`;
      return () => {
        throw new TriggersError('TRG_DEF_INVALID_OPTION', message, { cause });
      };
    }
  }
}

/** A `ModuleRef` that finds the providers of all modules unless it is told to be strict. */
function seesWholeApp(moduleRef: ModuleRef): ModuleRef {
  const wide = { strict: false };
  const view: unknown = Object.assign(Object.create(moduleRef) as object, {
    get: (token: never, options?: object): unknown => moduleRef.get(token, { ...wide, ...options }),
    resolve: (token: never, context?: never, options?: object): unknown =>
      moduleRef.resolve(token, context, { ...wide, ...options }),
  });
  return view as ModuleRef;
}

function checkBigNumbers(bigNumbers: unknown, where: string): 'string' | null {
  if (bigNumbers === undefined || bigNumbers === 'string') return bigNumbers ?? null;
  throw invalid(where, 'bigNumbers', bigNumbers, '"string", or leave it out');
}

function refsOf({ workflow }: TriggerBaseOptions): readonly WorkflowRef[] {
  return Array.isArray(workflow) ? (workflow as readonly WorkflowRef[]) : [workflow as WorkflowRef];
}

function checkSwitch(enabled: unknown, where: string): boolean {
  if (typeof enabled === 'boolean') return enabled;
  throw invalid(where, 'enabled', enabled, 'true or false');
}

function resolveDedup(
  options: TriggerBaseOptions,
  where: string,
  byDefault: DeclaredBase['dedupDefault'],
): ResolvedDedup {
  if (options.dedup !== undefined) return explicitDedup(options.dedup, runningDedup(options), where);
  if (typeof byDefault === 'object') return { scope: 'window', windowMs: byDefault.windowMs };
  return byDefault === 'off' ? { scope: 'off' } : runningDedup(options);
}

function runningDedup({ cooldown = DEFAULT_TRIGGER_OPTIONS.cooldown }: TriggerBaseOptions): ResolvedDedup {
  return { scope: 'running', cooldown: cooldown !== 'off' };
}

function explicitDedup(dedup: DedupScope, running: ResolvedDedup, where: string): ResolvedDedup {
  if (dedup === 'off') return { scope: 'off' };
  const given = (dedup as { readonly while?: unknown; readonly for?: unknown } | null) ?? {};
  if (given.while === 'running') return running;
  if (given.for === 'ever') return { scope: 'ever' };
  if (given.for === undefined)
    throw invalid(where, 'dedup', dedup, '{ while: "running" }, { for: "7d" }, { for: "ever" } or "off"');
  const windowMs = parseDuration(given.for, `${where}, option "dedup.for"`);
  if (windowMs === 0) throw invalid(where, 'dedup.for', given.for, 'a window longer than nothing, or dedup: "off"');
  return { scope: 'window', windowMs };
}

function checkFilter(filter: TriggerBaseOptions['filter'], where: string): TriggerDefinition['filter'] {
  if (filter === undefined) return null;
  if (typeof filter === 'function') return filter;
  throw invalid(where, 'filter', filter, 'a function that returns true or false');
}

function checkRate(rate: RateLimit | undefined, where: string): TriggerDefinition['rateLimit'] {
  if (rate === undefined) return null;
  if (!Number.isSafeInteger(rate.limit) || rate.limit < 1)
    throw invalid(where, 'rateLimit.limit', rate.limit, 'a whole number from 1');
  const perMs = parseDuration(rate.per, `${where}, option "rateLimit.per"`);
  if (perMs === 0) throw invalid(where, 'rateLimit.per', rate.per, 'a duration longer than nothing');
  return { limit: rate.limit, perMs };
}

function checkOnLimit(onLimit: unknown, where: string): 'delay' | 'skip' | undefined {
  if (onLimit === undefined || onLimit === 'delay' || onLimit === 'skip') return onLimit;
  throw invalid(where, 'onLimit', onLimit, '"delay" or "skip"');
}

function checkPriority(priority: number | undefined, where: string): number | undefined {
  // 32 bits: the column is an integer on both databases.
  if (priority === undefined || (Number.isInteger(priority) && Math.abs(priority) < 2 ** 31)) return priority;
  throw invalid(where, 'priority', priority, 'a whole number of at most 32 bits');
}

function invalid(where: string, option: string, value: unknown, takes: string): TriggersError {
  const shown = JSON.stringify(value) ?? String(value);
  return new TriggersError('TRG_DEF_INVALID_OPTION', `${where}, option "${option}" is ${shown}; it takes ${takes}.`);
}
