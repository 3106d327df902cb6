import type { ModuleRef } from '@nestjs/core';
import type { Json } from '../../../model/json.js';
import { TestClock } from '../../../testing/test-clock.js';
import type { BodyReader, OpenVerifier, VerifierSetup, WebhookDelivery, WebhookVerifier } from './verifier.js';

/** When deliveries arrive unless a test says so: a whole second, so that a signed time can be exactly as old as allowed. */
export const NOW = new Date('2026-03-01T12:00:00.000Z');

/** The `ref` that presets are opened with here. */
export const REF = {} as ModuleRef;

/** A delivery with everything filled in that a test does not say. */
export function deliver({
  body = '{}',
  ...given
}: Partial<Omit<WebhookDelivery, 'body'>> & { body?: Buffer | string }) {
  return {
    method: 'POST',
    headers: {},
    params: {},
    query: {},
    receivedAt: NOW,
    address: '203.0.113.7',
    ...given,
    body: Buffer.from(body),
  } satisfies WebhookDelivery;
}

/** What a preset is opened with, for a trigger `payments`. */
export function setUp(given: Partial<VerifierSetup> = {}): VerifierSetup {
  return {
    ref: REF,
    where: 'Trigger "payments" (Payments.onEvent)',
    option: 'verify',
    hasParams: false,
    clock: new TestClock(NOW),
    warn: (message) => {
      throw new Error(`Nobody should be told: ${message}`);
    },
    ...given,
  };
}

/** A preset, opened for a trigger `payments`. */
export function open(preset: WebhookVerifier, given: Partial<VerifierSetup> = {}): Promise<OpenVerifier> {
  return preset.open(setUp(given));
}

/** Reads bodies as the endpoint does, without its limits. */
export const reader: BodyReader = {
  json: (text) => JSON.parse(text.toString()) as Json,
  form: (text) => Object.fromEntries(new URLSearchParams(text.toString())),
};
