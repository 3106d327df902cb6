import type { ModuleRef } from '@nestjs/core';
import type { Clock } from '../../../model/clock.js';
import type { Json, JsonObject } from '../../../model/json.js';

/*
 * How a webhook is believed.
 *
 * A preset (`stripe({ secret })`) is what stands in a decorator: it holds options, knows no secret and has no state, so that
 * one class can be part of several applications. At boot the endpoint opens it; what it gets back holds the secrets.
 *
 *   handshake?     OPTIONS and GET that ask whether we want events at all; nothing is signed yet
 *   refusedType?   before the signature: 415
 *   verify         over the bytes as they came; 401 (503 where our secrets cannot be read)
 *   payloadOf?     bytes to JSON where the vendor wraps it; 400 or 415, only now that the sender is known
 *   challenge?     an answer that the vendor wants instead of an event, after the signature
 *   keyOf          the id that the signature covers: a dedup key for 7 days; null = the endpoint hashes the bytes
 */

/** A request as it arrived, before anything was believed of it. */
export interface WebhookDelivery {
  /** In capitals. */
  readonly method: string;
  /** Names in lower case; values of a repeated header are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes, neither decoded nor parsed. */
  readonly body: Buffer;
  /** The parameters of the trigger's path: `{ account: 'acct_1' }` for `stripe/:account`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly receivedAt: Date;
  /** Where it came from, as far as the platform knows. */
  readonly address: string | null;
}

/** What became of a check. */
export type Verification =
  | {
      readonly ok: true;
      /** A dedup key that checking gave; goes before `keyOf`. */
      readonly key?: string;
    }
  | {
      readonly ok: false;
      /** For the ledger alone, never for the sender. Holds neither a secret nor an expected signature. */
      readonly reason: string;
      /** The fault is ours, secrets could not be read: 503 and Retry-After instead of 401. */
      readonly unavailable?: true;
    };

/** A payload, or why there is none: `reason` may be told to the sender, who is known by then. */
export type PayloadReading =
  | { readonly ok: true; readonly payload: Json }
  | { readonly ok: false; readonly status: 400 | 415; readonly reason: string };

/** How the endpoint reads bytes; both heed the limits and options of the trigger (`bigNumbers`) and throw what answers 400. */
export interface BodyReader {
  /** JSON text in UTF-8. */
  json(text: Buffer): Json;
  /** `application/x-www-form-urlencoded`. */
  form(text: Buffer): JsonObject;
}

/** An answer instead of the usual ones. */
export interface WebhookAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As it is sent; `''` for none. */
  readonly body: string;
}

/** What a preset is opened with, once per application and trigger. */
export interface VerifierSetup {
  /** Finds the providers of all modules: given to functions that return secrets. */
  readonly ref: ModuleRef;
  /** For messages: `Trigger "payments" (Payments.onEvent)`. */
  readonly where: string;
  /** For messages, where the preset stands: `verify`. */
  readonly option: string;
  /** The path has parameters: a function that returns secrets and takes them is asked per sender, not at boot. */
  readonly hasParams: boolean;
  readonly clock: Clock;
  /** Tells an operator, with neither secret nor payload: secrets could not be read again. */
  readonly warn: (message: string) => void;
}

/** A preset that has its secrets. */
export interface OpenVerifier {
  /** Whether the sender is who it should be. Never throws. */
  verify(delivery: WebhookDelivery): Promise<Verification>;
  /**
   * How long one signed request is believed, in ms, where a time is signed: as far ahead and as far back as the tolerance. The
   * hash of its bytes is held at least that long, so that a captured copy never fires again. @default no time is signed
   */
  readonly believedMs?: number;
  /**
   * Each sender in the path has a secret of its own, so the parameters are as good as signed. @default false: with the secret
   * of another preset one delivery can be sent below any other parameter, and is the same event there
   */
  readonly provesParams?: boolean;
}

/**
 * What a successful check speaks for: `nothing` (nobody checks), `body` (its bytes; of the headers only those that the preset
 * itself reads), `request` (the sender proved who it is: whatever it says is its word).
 */
export type Coverage = 'nothing' | 'body' | 'request';

/** How deliveries of one vendor are checked and read. Made by the presets: `github({ … })`, `hmac({ … })`, `custom(…)`. */
export interface WebhookVerifier {
  /** `'github'`, `'hmac'`, … */
  readonly preset: string;
  /** `'nothing'` = anybody may send: said at boot. */
  readonly covers: Coverage;
  /** The vendor sends a delivery again in the same bytes: their hash is a key for 7 days, otherwise for 5 minutes. */
  readonly resendsSameBytes: boolean;
  /** Media types that it takes besides JSON (`application/json`, `…+json`), in lower case; `*` for any. */
  readonly contentTypes: readonly string[];
  /** Headers that carry a secret itself, in lower case: no ledger, log or replay may hold them. */
  readonly secretHeaders: readonly string[];
  /**
   * Checks the options and loads the secrets.
   *
   * @throws TRG_DEF_INVALID_OPTION for an option, or a secret that is missing, empty or malformed
   * @throws TRG_DEF_INVALID_DURATION for a tolerance
   */
  open(setup: VerifierSetup): Promise<OpenVerifier>;
  /**
   * The id that the signature covers, if this delivery has one. Only for a delivery that was verified. A preset whose vendor
   * gives none leaves it out, and that the hash of the body is the key is said at boot.
   */
  keyOf?(delivery: WebhookDelivery, payload: Json): string | null;
  /** Why a media type is refused although `contentTypes` has it: 415, told to the sender. */
  refusedType?(delivery: WebhookDelivery): string | null;
  /** What is fired by default, where that is not the body by its media type. Only for a delivery that was verified. */
  payloadOf?(delivery: WebhookDelivery, read: BodyReader): PayloadReading;
  /** The answer to an OPTIONS or GET request, of which nothing is verified; `null` = 405. */
  handshake?(delivery: WebhookDelivery): WebhookAnswer | null;
  /** An answer that the vendor wants instead of an event, after the signature; `null` = an event. */
  challenge?(delivery: WebhookDelivery, payload: Json): WebhookAnswer | null;
}
