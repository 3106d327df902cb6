import type { ModuleRef } from '@nestjs/core';
import { isTriggersError, TriggersError } from '../../../model/errors.js';
import { errorMessage } from '../../../model/text.js';
import type { VerifierSetup } from './verifier.js';

/** One secret, or all that are active: while one is replaced, the old and the new one. */
export type Secrets = string | readonly string[];

/**
 * Secrets, or a function that returns them once configuration is loaded. The function is asked at boot and again each
 * minute, so that a rotation needs no restart. Where the trigger's path has parameters (`stripe/:account`) and the function
 * takes them, as a second argument without a default value, it is asked for each sender; `undefined`, or an error with status
 * 404, means that nobody has that name: 401. A function of none or one argument returns the secret of all senders, so what one
 * of them signed could be sent below the name of another: it is the same event there.
 *
 * @example (ref) => ref.get(ConfigService).getOrThrow('STRIPE_SECRET')
 * @example (ref, { account }) => ref.get(Accounts).webhookSecret(account)
 */
export type SecretOption =
  | Secrets
  | ((
      ref: ModuleRef,
      params: Readonly<Record<string, string>>,
    ) => Secrets | null | undefined | Promise<Secrets | null | undefined>);

/** An option that holds secrets: what it is called in messages, and how one of them becomes a key. */
export class SecretSlot<K> {
  /** `Trigger "payments", option "verify.secret"` */
  readonly where: string;

  /**
   * @param name `secret` or `keys`
   * @param toKey the key of a secret; a text that it returns says what is wrong with the secret, without quoting it
   */
  constructor(
    setup: VerifierSetup,
    name: string,
    readonly toKey: (secret: string) => { readonly key: K } | string,
  ) {
    this.where = `${setup.where}, option "${setup.option}.${name}"`;
  }

  /** What `read` returns. @throws TRG_DEF_INVALID_OPTION if it threw */
  async attempt<T>(read: () => T | Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      if (isTriggersError(cause) && cause.family === 'definition') throw cause;
      throw this.problem(`the function that should return it threw: ${errorMessage(cause)}`, cause);
    }
  }

  problem(what: string, cause?: unknown): TriggersError {
    return new TriggersError('TRG_DEF_INVALID_OPTION', `${this.where}: ${what}`, cause === undefined ? {} : { cause });
  }
}

/**
 * The keys of what an option holds.
 *
 * @throws TRG_DEF_INVALID_OPTION for none, for an empty one and for one of the wrong form; the message quotes no secret
 */
export function parseSecrets<K>(value: unknown, slot: SecretSlot<K>): readonly K[] {
  const secrets: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (secrets.length === 0) throw slot.problem('the list of secrets is empty. Give at least one.');
  return secrets.map((secret) => {
    if (typeof secret !== 'string') throw slot.problem(`a secret is ${kindOf(secret)}. ${HOW}`);
    if (secret.trim() === '') throw slot.problem(`a secret is empty. ${HOW}`);
    const parsed = slot.toKey(secret);
    if (typeof parsed === 'string') throw slot.problem(parsed);
    return parsed.key;
  });
}

const HOW =
  'Give a text, a list of texts, or a function that returns them, such as (ref) => ref.get(ConfigService).get("SECRET"): ' +
  'a value read while modules are imported comes before configuration is loaded.';

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  return `of type ${typeof value}, no text`;
}
