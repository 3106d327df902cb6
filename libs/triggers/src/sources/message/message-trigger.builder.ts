import { Injectable } from '@nestjs/common';
import type { DefinitionProblems } from '../../discovery/definition-problems.js';
import { TriggerBaseResolver } from '../../intake/trigger-base.resolver.js';
import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import { formatDuration, parseDuration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import { nameTrigger } from '../declared-trigger.js';
import type { DeclaredTrigger } from '../declared-trigger.js';
import { payloadTimeout } from '../payload/payload-timeout.js';
import { payloadSchema } from '../payload/payload-schema.js';
import type { MessageSource } from './message-source.js';
import { IDENTITY_KEY_MS } from './message-trigger.definition.js';
import type { MessageDefinition } from './message-trigger.definition.js';
import { DEFAULT_MESSAGE_OPTIONS } from './message.options.js';
import type { MessageTriggerOptions } from './message.options.js';

const MAX_PREFETCH = 10_000;
const MAX_DELIVERIES = 100;

type Own = Omit<MessageDefinition, Exclude<keyof TriggerDefinition, 'timeoutMs'> | 'invoker' | 'isDedupGiven'>;

/** Turns the options of `@MessageTrigger` into a {@link MessageDefinition}. */
@Injectable()
export class MessageTriggerBuilder {
  constructor(private readonly base: TriggerBaseResolver) {}

  /** The definition, or `undefined` when it cannot stand; what is wrong went to `problems`. */
  async build(
    declared: DeclaredTrigger<MessageTriggerOptions>,
    problems: DefinitionProblems,
  ): Promise<MessageDefinition | undefined> {
    const { options, label, invoker } = declared;
    const named = nameTrigger(declared, problems);
    if (named === undefined) return undefined;
    const attempt = <T>(check: () => T): T | undefined => problems.attempt(check);
    const own = await this.#own(options, named.where, problems);
    const dedupDefault = own?.from.hasIdentity === false ? 'off' : { windowMs: IDENTITY_KEY_MS };
    const base = await this.base.resolve({ ...named, options, attempt, dedupDefault });
    if (own === undefined) return undefined;
    const { from, prefetch, deliveries } = own;
    const timeout = formatDuration(own.timeoutMs);
    const shown = {
      from: from.name,
      prefetch,
      timeout,
      deliveries,
      redeliverAfter: formatDuration(own.redeliverAfterMs),
    };
    const isDedupGiven = options.dedup !== undefined;
    return { kind: 'message', label, pollIntervalMs: null, invoker, isDedupGiven, options: shown, ...own, ...base };
  }

  /** What message triggers have and others have not. Every problem is told, not only the first. */
  async #own(options: MessageTriggerOptions, where: string, problems: DefinitionProblems): Promise<Own | undefined> {
    const { schema, prefetch, timeout, deliveries, redeliverAfter } = { ...DEFAULT_MESSAGE_OPTIONS, ...options };
    const given = await this.base.fromConfig(options.from, `${where}, option "from"`);
    const from = await problems.attemptLater(() => opened(given, where));
    const checked = problems.attempt(() => {
      checkCount(prefetch, MAX_PREFETCH, `${where}, option "prefetch"`);
      checkCount(deliveries, MAX_DELIVERIES, `${where}, option "deliveries"`);
      return {
        timeoutMs: payloadTimeout(timeout, where),
        redeliverAfterMs: parseDuration(redeliverAfter, `${where}, option "redeliverAfter"`),
      };
    });
    const fits = problems.attempt(() => payloadSchema(schema, where));
    if (from === undefined || checked === undefined || fits === undefined) return undefined;
    return { from, schema: fits, prefetch, deliveries, ...checked };
  }
}

async function opened(given: () => MessageSource, where: string): Promise<MessageSource> {
  const from: Partial<MessageSource> | null | undefined = given();
  if (typeof from?.subscribe !== 'function' || typeof from.name !== 'string') {
    throw new TriggersError(
      'TRG_DEF_INVALID_OPTION',
      `${where}, option "from": nobody says where messages come from. Give a source, for example bullMqQueue({ queue, connection }) or ` +
        'redisStream({ stream, group, connection }).',
    );
  }
  await from.open?.();
  return from as MessageSource;
}

function checkCount(count: unknown, most: number, where: string): void {
  if (Number.isSafeInteger(count) && (count as number) >= 1 && (count as number) <= most) return;
  const message = `${where} is ${JSON.stringify(count) ?? String(count)}; it takes a whole number from 1 to ${most}.`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
