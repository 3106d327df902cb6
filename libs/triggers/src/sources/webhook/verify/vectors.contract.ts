import { createHmac } from 'node:crypto';
import { sign as signForGithub } from '@octokit/webhooks-methods';
import '@shopify/shopify-api/adapters/node';
import { createSHA256HMAC } from '@shopify/shopify-api/runtime';
import { verifySlackRequest } from '@slack/bolt';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { github } from './github.verifier.js';
import { hmac } from './hmac.verifier.js';
import type { SecretOption } from './secret.js';
import { shopify } from './shopify.verifier.js';
import { slack } from './slack.verifier.js';
import { standardWebhooks } from './standard-webhooks.verifier.js';
import { stripe } from './stripe.verifier.js';
import type { WebhookVerifier } from './verifier.js';
import type { ToleranceOption } from './signed-time.js';

type Headers = Readonly<Record<string, string>>;

/** How one vendor signs. */
export interface Vector {
  readonly vendor: string;
  readonly preset: (secret: SecretOption, options?: ToleranceOption) => WebhookVerifier;
  /** Two secrets, as during a rotation. */
  readonly secrets: readonly [string, string];
  /** The headers for any bytes, from the vendor's page. */
  readonly sign: (body: Buffer, secret: string, at: Date) => Headers;
  /** The headers that the vendor's own package makes, or accepts (Slack's makes none), for a text; none if there is none. */
  readonly signByPackage: (text: string, secret: string, at: Date) => Promise<Headers | undefined>;
  readonly timeHeader: string | null;
  /** The header with the signature. */
  readonly signatureHeader: string;
  /** What stands between several signatures of one delivery. */
  readonly between: string | null;
}

const secondsOf = (at: Date) => Math.floor(at.getTime() / 1_000);
const digest = (key: string | Buffer, parts: (string | Buffer)[], encoding: 'hex' | 'base64', algorithm = 'sha256') =>
  createHmac(algorithm, key)
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest(encoding);

export const STANDARD: Vector = {
  vendor: 'Standard Webhooks',
  preset: (secret, options) => standardWebhooks({ secret, ...options }),
  secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'],
  sign(body, secret, at) {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const signature = `v1,${digest(key, [`msg_1.${secondsOf(at)}.`, body], 'base64')}`;
    return { 'webhook-id': 'msg_1', 'webhook-timestamp': String(secondsOf(at)), 'webhook-signature': signature };
  },
  signByPackage: async (text, secret, at) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(secondsOf(at)),
    'webhook-signature': new Webhook(secret).sign('msg_1', at, text),
  }),
  timeHeader: 'webhook-timestamp',
  signatureHeader: 'webhook-signature',
  between: ' ',
};

export const STRIPE: Vector = {
  vendor: 'Stripe',
  preset: (secret, options) => stripe({ secret, ...options }),
  secrets: ['whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH', 'whsec_the_new_one'],
  sign(body, secret, at) {
    const time = secondsOf(at);
    return { 'stripe-signature': `t=${time},v1=${digest(secret, [`${time}.`, body], 'hex')}` };
  },
  signByPackage: async (payload, secret, at) => ({
    'stripe-signature': new Stripe('sk_test').webhooks.generateTestHeaderString({
      payload,
      secret,
      timestamp: secondsOf(at),
    }),
  }),
  timeHeader: null,
  signatureHeader: 'stripe-signature',
  between: null,
};

export const SLACK: Vector = {
  vendor: 'Slack',
  preset: (secret, options) => slack({ secret, ...options }),
  secrets: ['8f742231b10e8888abcd99yyyzzz85a5', 'the new signing secret'],
  sign(body, secret, at) {
    const time = String(secondsOf(at));
    return {
      'x-slack-request-timestamp': time,
      'x-slack-signature': `v0=${digest(secret, [`v0:${time}:`, body], 'hex')}`,
    };
  },
  async signByPackage(text, signingSecret, at) {
    const signed = SLACK.sign(Buffer.from(text), signingSecret, at);
    verifySlackRequest({
      signingSecret,
      body: text,
      headers: {
        'x-slack-signature': signed['x-slack-signature'] as string,
        'x-slack-request-timestamp': Number(signed['x-slack-request-timestamp']),
      },
      nowMilliseconds: at.getTime(),
    });
    return signed;
  },
  timeHeader: 'x-slack-request-timestamp',
  signatureHeader: 'x-slack-signature',
  between: null,
};

export const GITHUB: Vector = {
  vendor: 'GitHub',
  preset: (secret) => github({ secret }),
  secrets: ["It's a Secret to Everybody", 'påssword'],
  sign: (body, secret) => ({ 'x-hub-signature-256': `sha256=${digest(secret, [body], 'hex')}` }),
  // It signs no empty text.
  signByPackage: async (text, secret) =>
    text === '' ? undefined : { 'x-hub-signature-256': await signForGithub(secret, text) },
  timeHeader: null,
  signatureHeader: 'x-hub-signature-256',
  between: null,
};

export const SHOPIFY: Vector = {
  vendor: 'Shopify',
  preset: (secret) => shopify({ secret }),
  secrets: ['shpss_old', 'shpss_new'],
  sign: (body, secret) => ({ 'x-shopify-hmac-sha256': digest(secret, [body], 'base64') }),
  signByPackage: async (text, secret) => ({ 'x-shopify-hmac-sha256': await createSHA256HMAC(secret, text) }),
  timeHeader: null,
  signatureHeader: 'x-shopify-hmac-sha256',
  between: null,
};

/** Twitch: three signed parts without anything between them, and a time in RFC 3339. */
export const TWITCH: Vector = {
  vendor: 'any sender with an HMAC over id, time and body',
  preset: (secret, options) =>
    hmac({
      header: 'Twitch-Eventsub-Message-Signature',
      prefix: 'sha512=',
      algorithm: 'sha512',
      template: '{id}{timestamp}{body}',
      idHeader: 'Twitch-Eventsub-Message-Id',
      timestampHeader: 'Twitch-Eventsub-Message-Timestamp',
      timestampFormat: 'iso',
      secret,
      ...options,
    }),
  secrets: ['s3cRe7 of the old days', 's3cRe7 of the new days'],
  sign(body, secret, at) {
    const [id, time] = ['e76c6bd4-55c9-4987-8304-da1588d8988b', at.toISOString()];
    return {
      'twitch-eventsub-message-id': id,
      'twitch-eventsub-message-timestamp': time,
      'twitch-eventsub-message-signature': `sha512=${digest(secret, [id, time, body], 'hex', 'sha512')}`,
    };
  },
  signByPackage: async () => undefined,
  timeHeader: 'twitch-eventsub-message-timestamp',
  signatureHeader: 'twitch-eventsub-message-signature',
  between: ', ',
};

/** Every vendor that signs. */
export const VECTORS = [STANDARD, STRIPE, SLACK, GITHUB, SHOPIFY, TWITCH];
