import type { ModuleRef } from '@nestjs/core';
import { MAX_DEDUP_KEY } from '../../../intake/dedup-key.js';
import { TriggersError } from '../../../model/errors.js';
import { cleanText, errorMessage } from '../../../model/text.js';
import { idAsKey, memberOf } from './signed.verifier.js';
import type { Coverage, Verification, WebhookDelivery, WebhookVerifier } from './verifier.js';

/** What a function of {@link custom} answers; `reason` goes to the ledger alone, `key` is a dedup key that was proven. */
export type CustomVerdict =
  boolean | { readonly ok: true; readonly key?: string } | { readonly ok: false; readonly reason?: string };

/** Checks a delivery by itself; `ref` finds the providers of all modules. */
export type CustomVerify = (delivery: WebhookDelivery, ref: ModuleRef) => CustomVerdict | Promise<CustomVerdict>;

/** Options of {@link custom}. */
export interface CustomOptions {
  /** `'request'` when the function proves who sends (a token, a client certificate), not only the body. @default 'body' */
  readonly covers?: Exclude<Coverage, 'nothing'>;
  /** Headers that carry a secret itself: no ledger, log or replay holds them. @default none */
  readonly secretHeaders?: readonly string[];
}

/** So much of a reason, or of the message of an error, reaches the ledger. */
const MAX_REASON = 200;

/**
 * A check of one's own, over the bytes as they came. Compare in constant time (`timingSafeEqual` of `node:crypto`), and put no
 * secret into reasons and errors: they stand in the ledger. What it throws refuses the delivery, like anything else than
 * `true` and `{ ok: true }`.
 *
 * Its `key` is the dedup key, for 7 days; without one the hash of the body is, for 5 minutes.
 *
 * @example custom(async ({ headers }, ref) => ref.get(Tokens).isValid(headers['x-token']), { secretHeaders: ['x-token'] })
 */
export function custom(verify: CustomVerify, options: CustomOptions = {}): WebhookVerifier {
  return {
    preset: 'custom',
    covers: options.covers ?? 'body',
    resendsSameBytes: false,
    contentTypes: [],
    secretHeaders: (options.secretHeaders ?? []).map((header) => header.toLowerCase()),
    async open({ where, option, ref }) {
      if (typeof verify !== 'function')
        throw new TriggersError('TRG_DEF_INVALID_OPTION', `${where}, option "${option}": custom() takes a function.`);
      return { verify: (delivery) => ask(verify, delivery, ref) };
    },
  };
}

async function ask(verify: CustomVerify, delivery: WebhookDelivery, ref: ModuleRef): Promise<Verification> {
  try {
    return judged(await verify(delivery, ref));
  } catch (error) {
    return refused(`the function threw: ${errorMessage(error)}`);
  }
}

/** What comes from outside the types too: a check that forgot to return something lets nobody in. */
function judged(verdict: unknown): Verification {
  if (verdict === true) return { ok: true };
  const [ok, key, reason] = [memberOf(verdict, 'ok'), memberOf(verdict, 'key'), memberOf(verdict, 'reason')];
  if (ok === true && key === undefined) return { ok: true };
  const id = idAsKey(key);
  if (ok === true && id !== null) return { ok: true, key: id };
  if (ok === true) return refused(`the function gave a key that is no text of 1 to ${MAX_DEDUP_KEY} characters`);
  if (typeof reason === 'string') return refused(reason);
  return refused(verdict === false || ok === false ? 'the function said no' : 'the function returned no verdict');
}

function refused(reason: string): Verification {
  const clean = cleanText(reason);
  return { ok: false, reason: clean.length > MAX_REASON ? `${clean.slice(0, MAX_REASON - 1)}…` : clean };
}
