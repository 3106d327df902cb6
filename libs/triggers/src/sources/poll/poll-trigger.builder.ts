import { Injectable } from '@nestjs/common';
import type { DefinitionProblems } from '../../discovery/definition-problems.js';
import type { MethodInvoker } from '../../discovery/method-invoker.js';
import { nameTrigger } from '../declared-trigger.js';
import { TriggerBaseResolver } from '../../intake/trigger-base.resolver.js';
import { TriggerOverrides } from '../../intake/trigger-overrides.js';
import { formatDuration, parseDuration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import { FixedRatePlan } from './fixed-rate.plan.js';
import { checkSuspendAfter, checkTimeout } from './poll-checks.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import { DEFAULT_POLL_OPTIONS } from './trigger.options.js';
import type { TriggerOptions } from './trigger.options.js';

/** The shortest interval between two polls. */
export const MIN_POLL_INTERVAL_MS = 10;

/** A trigger as it was found, and what it is called with. */
export interface DeclaredPoll extends Pick<PollDefinition, 'invoker' | 'onInit' | 'onDestroy'> {
  readonly options: TriggerOptions;
  readonly defaultName: string;
  /** Class and method, for messages. */
  readonly label: string;
  /** A method of the same class, or `undefined` when it has none of that name. */
  readonly method: (name: string) => MethodInvoker | undefined;
}

/** Turns the options of `@Trigger` into a {@link PollDefinition}. */
@Injectable()
export class PollTriggerBuilder {
  constructor(
    private readonly base: TriggerBaseResolver,
    private readonly overrides: TriggerOverrides,
  ) {}

  /** The definition, or `undefined` when it has no usable name; what is wrong went to `problems`. */
  async build(declared: DeclaredPoll, problems: DefinitionProblems): Promise<PollDefinition | undefined> {
    const { options, label, invoker, onInit, onDestroy } = declared;
    const attempt = <T>(check: () => T): T | undefined => problems.attempt(check);
    const named = nameTrigger(declared, problems);
    if (named === undefined) return undefined;
    const { name, where } = named;
    const concurrent =
      attempt(() => checkConcurrent(options.allowConcurrent, where)) ?? DEFAULT_POLL_OPTIONS.allowConcurrent;
    const base = await this.base.resolve({
      name,
      where,
      options,
      attempt,
      dedupDefault: concurrent ? 'off' : 'running',
    });
    const declaredInterval =
      this.overrides.of(name).pollInterval ?? options.pollInterval ?? DEFAULT_POLL_OPTIONS.pollInterval;
    const interval = await this.base.fromConfig(declaredInterval, `${where}, option "pollInterval"`);
    const pollIntervalMs = attempt(() => checkInterval(interval(), where)) ?? MIN_POLL_INTERVAL_MS;
    const timeoutMs = attempt(() => checkTimeout(options.timeout, where)) ?? pollIntervalMs;
    return {
      kind: 'poll',
      label,
      pollIntervalMs,
      plan: () => new FixedRatePlan(name, pollIntervalMs),
      timeoutMs,
      invoker,
      onInit,
      onDestroy,
      suspendAfter: attempt(() => checkSuspendAfter(options.suspendAfter, where)) ?? DEFAULT_POLL_OPTIONS.suspendAfter,
      onError: attempt(() => resolveObserver(declared, where)) ?? null,
      options: {
        pollInterval: formatDuration(pollIntervalMs),
        timeout: formatDuration(timeoutMs),
        allowConcurrent: concurrent,
      },
      // Last: what is added after a spread gives every object a hidden class of its own, and every poll reads some.
      ...base,
    };
  }
}

function checkInterval(interval: unknown, where: string): number {
  const intervalMs = parseDuration(interval, `${where}, option "pollInterval"`);
  if (intervalMs >= MIN_POLL_INTERVAL_MS) return intervalMs;
  const message = `${where}, option "pollInterval": ${String(interval)} is too short. Write at least "${MIN_POLL_INTERVAL_MS}ms".`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}

function checkConcurrent(value: unknown, where: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `${where}, option "allowConcurrent" is no boolean; it takes true or false.`,
  );
}

function resolveObserver({ options, method, label }: DeclaredPoll, where: string): PollDefinition['onError'] {
  const { onError } = options;
  if (onError === undefined) return null;
  // `async` turns what the function throws at once into a rejection.
  if (typeof onError === 'function')
    return { invoke: async (args) => onError(...(args as Parameters<typeof onError>)) };
  const found = method(onError);
  if (found !== undefined) return found;
  const message = `${where}, option "onError": the class of ${label} has no method "${onError}". Give a function or the name of a method.`;
  throw new TriggersError('TRG_DEF_UNKNOWN_CALLBACK', message);
}
