import { Injectable } from '@nestjs/common';
import type { DefinitionProblems } from '../../discovery/definition-problems.js';
import { TriggerBaseResolver } from '../../intake/trigger-base.resolver.js';
import type { TriggerBaseOptions } from '../../intake/trigger-options.js';
import { resolveInputCheck } from '../../intake/trigger-input.js';
import type { ResolvedDedup } from '../../intake/trigger.definition.js';
import { formatDuration, parseDuration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import type { JsonObject } from '../../model/json.js';
import { nameTrigger } from '../declared-trigger.js';
import type { DeclaredTrigger } from '../declared-trigger.js';
import { payloadTimeout } from '../payload/payload-timeout.js';
import type { ManualDefinition } from './manual-trigger.definition.js';
import { DEFAULT_MANUAL_OPTIONS } from './manual-trigger.options.js';
import type { ManualTriggerOptions } from './manual-trigger.options.js';

/** What the options of a manual trigger say besides what all triggers share. */
type OwnOptions = Pick<
  ManualDefinition,
  'input' | 'permission' | 'userRate' | 'doubleClickMs' | 'exclusive' | 'timeoutMs'
>;

/** Turns the options of `@ManualTrigger` into a {@link ManualDefinition}. */
@Injectable()
export class ManualTriggerBuilder {
  constructor(private readonly base: TriggerBaseResolver) {}

  /** The definition, or `undefined` when it has no usable name; what is wrong went to `problems`. */
  async build(
    declared: DeclaredTrigger<ManualTriggerOptions>,
    problems: DefinitionProblems,
  ): Promise<ManualDefinition | undefined> {
    const { options, defaultName, label, invoker } = declared;
    const attempt = <T>(check: () => T): T | undefined => problems.attempt(check);
    const { rateLimit = DEFAULT_MANUAL_OPTIONS.rateLimit, ...rest } = options;
    const shared: TriggerBaseOptions = rateLimit === 'off' ? rest : { ...rest, rateLimit };
    const named = nameTrigger({ options: shared, defaultName, label }, problems);
    if (named === undefined) return undefined;
    const { name, where } = named;
    const base = await this.base.resolve({ name, where, options: shared, attempt, dedupDefault: 'off' });
    attempt(() => checkTogether(options, base.dedup, where));
    const own: OwnOptions = {
      input: attempt(() => checkInput(options.input, where)) ?? null,
      permission: attempt(() => checkPermission(options.permission, where)) ?? null,
      userRate: base.rateLimit,
      doubleClickMs: attempt(() => checkDoubleClick(options.doubleClick, where)) ?? null,
      exclusive: attempt(() => checkExclusive(options.exclusive, where)) ?? DEFAULT_MANUAL_OPTIONS.exclusive,
      timeoutMs: attempt(() => payloadTimeout(options.timeout ?? DEFAULT_MANUAL_OPTIONS.timeout, where)) ?? 0,
    };
    return {
      ...base,
      ...own,
      kind: 'manual',
      label,
      invoker,
      // The limit is one for each user: the trigger itself has none.
      rateLimit: null,
      // One key for all, given back as soon as nothing runs, also after a failure.
      dedup: own.exclusive ? { scope: 'running', cooldown: false } : base.dedup,
      pollIntervalMs: null,
      // Permission and input are a matter of what was sent.
      keepsPayload: true,
      options: shown(own),
    };
  }
}

/** What the API shows of a manual trigger. */
function shown({ permission, userRate, doubleClickMs, exclusive, timeoutMs }: OwnOptions): JsonObject {
  return {
    exclusive,
    doubleClick: doubleClickMs === null ? 'off' : formatDuration(doubleClickMs),
    rateLimit: userRate === null ? 'off' : { limit: userRate.limit, per: formatDuration(userRate.perMs) },
    timeout: formatDuration(timeoutMs),
    permission: typeof permission === 'function' ? 'decided by the application' : permission,
  };
}

function checkInput(input: ManualTriggerOptions['input'], where: string): ManualDefinition['input'] {
  return input === undefined ? null : resolveInputCheck(input, `${where}, option "input"`);
}

function checkPermission(permission: unknown, where: string): ManualDefinition['permission'] {
  if (permission === undefined) return null;
  if (typeof permission === 'function') return permission as ManualDefinition['permission'];
  if (typeof permission === 'string' && permission !== '') return permission;
  throw invalid(where, 'permission', permission, 'a role, the name of a permission, or a function');
}

function checkDoubleClick(given: ManualTriggerOptions['doubleClick'], where: string): number | null {
  if (given === 'off') return null;
  const windowMs = parseDuration(given ?? DEFAULT_MANUAL_OPTIONS.doubleClick, `${where}, option "doubleClick"`);
  if (windowMs > 0) return windowMs;
  throw invalid(where, 'doubleClick', given, 'a duration longer than nothing, or "off"');
}

function checkExclusive(exclusive: unknown, where: string): boolean | undefined {
  if (exclusive === undefined || typeof exclusive === 'boolean') return exclusive;
  throw invalid(where, 'exclusive', exclusive, 'true or false');
}

/** An exclusive trigger has one key and nothing left to tell its firings apart. */
function checkTogether({ exclusive }: ManualTriggerOptions, { scope }: ResolvedDedup, where: string): void {
  if (exclusive !== true || scope === 'off' || scope === 'running') return;
  const message = `${where}: "exclusive" and a window in "dedup" exclude each other. Leave one of them out.`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}

function invalid(where: string, option: string, value: unknown, takes: string): TriggersError {
  const message = `${where}, option "${option}" is ${JSON.stringify(value) ?? typeof value}; it takes ${takes}.`;
  return new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
