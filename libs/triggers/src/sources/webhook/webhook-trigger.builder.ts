import { Injectable, Logger } from '@nestjs/common';
import type { DefinitionProblems } from '../../discovery/definition-problems.js';
import { TriggerBaseResolver } from '../../intake/trigger-base.resolver.js';
import type { TriggerDefinition } from '../../intake/trigger.definition.js';
import { Clock } from '../../model/clock.js';
import { formatDuration } from '../../model/duration.js';
import { TriggersError } from '../../model/errors.js';
import { nameTrigger } from '../declared-trigger.js';
import type { DeclaredTrigger } from '../declared-trigger.js';
import { SENDERS_KEY_MS } from './pipe/delivery-key.js';
import { payloadSchema } from '../payload/payload-schema.js';
import type { OpenVerifier } from './verify/verifier.js';
import { parseWebhookPath } from './webhook-path.js';
import type { WebhookPath } from './webhook-path.js';
import type { WebhookDefinition } from './webhook-trigger.definition.js';
import { checkWebhookOptions } from './webhook-trigger.checks.js';
import type { WebhookTriggerOptions } from './webhook-trigger.options.js';

type Own = Omit<WebhookDefinition, Exclude<keyof TriggerDefinition, 'timeoutMs'> | 'invoker' | 'dedupGiven'>;

/** Turns the options of `@WebhookTrigger` into a {@link WebhookDefinition}. */
@Injectable()
export class WebhookTriggerBuilder {
  readonly #logger = new Logger('Triggers');

  constructor(
    private readonly base: TriggerBaseResolver,
    private readonly clock: Clock,
  ) {}

  /** The definition, or `undefined` when it cannot stand; what is wrong went to `problems`. */
  async build(
    declared: DeclaredTrigger<WebhookTriggerOptions>,
    problems: DefinitionProblems,
  ): Promise<WebhookDefinition | undefined> {
    const { options, label, owner, method } = declared;
    const named = nameTrigger(declared, problems);
    if (named === undefined) return undefined;
    const { where } = named;
    const attempt = <T>(check: () => T): T | undefined => problems.attempt(check);
    const base = await this.base.resolve({ ...named, options, attempt, dedupDefault: { windowMs: SENDERS_KEY_MS } });
    const own = await this.#own(options, where, problems);
    if (own === undefined) return undefined;
    const shown = {
      path: own.path.text,
      verify: options.verify.preset,
      onInvalid: own.onInvalid,
      whenDisabled: own.whenDisabled === 'hold' ? 'hold' : 'reject',
      timeout: formatDuration(own.timeoutMs),
      maxBytes: own.maxBytes,
    };
    const invoker = owner.handler(method, 'webhook');
    const dedupGiven = options.dedup === undefined ? null : base.dedup;
    return { kind: 'webhook', label, pollIntervalMs: null, invoker, dedupGiven, options: shown, ...own, ...base };
  }

  /** What webhooks have and other triggers have not. Every problem is told, not only the first. */
  async #own(options: WebhookTriggerOptions, where: string, problems: DefinitionProblems): Promise<Own | undefined> {
    const { verify: verifier, schema, challenge = null, respond = null, dedupKey = null } = options;
    const given = await this.base.fromConfig(options.path, `${where}, option "path"`);
    const path = problems.attempt(() => parseWebhookPath(given(), where));
    const check = await problems.attemptLater(async () => this.#open(options, where, path));
    const checked = problems.attempt(() => checkWebhookOptions(options, where));
    const fits = problems.attempt(() => payloadSchema(schema, where));
    if (path === undefined || check === undefined || checked === undefined || fits === undefined) return undefined;
    return { path, verifier, check, schema: fits, challenge, respond, dedupKey, ...checked };
  }

  #open({ verify }: WebhookTriggerOptions, where: string, path: WebhookPath | undefined): Promise<OpenVerifier> {
    if (typeof (verify as unknown) !== 'object' || typeof verify.open !== 'function') throw nobodyVerifies(where);
    return verify.open({
      ref: this.base.app,
      where,
      option: 'verify',
      hasParams: path?.segments.some((segment) => 'param' in segment) ?? false,
      clock: this.clock,
      warn: (message) => this.#logger.warn(message),
    });
  }
}

function nobodyVerifies(where: string): TriggersError {
  return new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `${where}, option "verify": nobody says how a sender is believed. Use a preset, for example github({ secret }) or ` +
      'hmac({ header, secret }); unsigned() lets everybody in.',
  );
}
