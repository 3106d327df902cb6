// The code of docs/guides/webhook-providers.md, run with deliveries that the vendors' own packages have signed.
import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CloudEvent, HTTP } from 'cloudevents';
import {
  Task,
  TriggerResult,
  WebhookTrigger,
  Workflow,
  apiKey,
  cloudEvents,
  github,
  hmac,
  shopify,
  slack,
  standardWebhooks,
  stripe,
} from 'nestjs-triggers';
import type { TaskContext, WebhookEvent } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import {
  GITHUB,
  SHOPIFY,
  SLACK,
  STANDARD,
  STRIPE,
} from '../../libs/triggers/src/sources/webhook/verify/vectors.contract.js';
import type { Vector } from '../../libs/triggers/src/sources/webhook/verify/vectors.contract.js';
import { boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';

@Workflow({ name: 'deploy' })
class Deploy {
  @Task()
  roll(_context: TaskContext<{ commit: string }>): void {}
}
@Workflow({ name: 'fulfil' })
class Fulfil {
  @Task()
  ship(_context: TaskContext<{ order: string }>): void {}
}
@Workflow({ name: 'answer' })
class Answering {
  @Task()
  write(_context: TaskContext<{ question: string; replyTo: string }>): void {}
}
@Workflow({ name: 'welcome' })
class Welcome {
  @Task()
  greet(_context: TaskContext<{ user: string }>): void {}
}

// #region secrets
/** What an environment variable holds: one secret, or the new and the old one while it is replaced (`new,old`). */
function secretsOf(variable: string): () => string[] {
  return () => (process.env[variable] ?? '').split(',');
}
// #endregion

// #region github
interface Push {
  ref?: string;
  after: string;
}

@Injectable()
class GithubWebhooks {
  @WebhookTrigger({ workflow: Deploy, path: 'github', verify: github({ secret: secretsOf('GITHUB_SECRET') }) })
  pushed({ payload }: WebhookEvent<Push>) {
    if (payload.ref !== 'refs/heads/main') return TriggerResult.skip('no push to main');
    return { commit: payload.after };
  }
}
// #endregion

// #region stripe
interface StripeEvent {
  id: string;
  type: string;
  data: { object: { id: string } };
}

@Injectable()
class StripeWebhooks {
  @WebhookTrigger({ workflow: Fulfil, path: 'stripe', verify: stripe({ secret: secretsOf('STRIPE_SECRET') }) })
  checkedOut({ payload: { type, data } }: WebhookEvent<StripeEvent>) {
    if (type !== 'checkout.session.completed') return TriggerResult.skip(type);
    return { order: data.object.id };
  }
}
// #endregion

// #region tenants
@Injectable()
class Accounts {
  private readonly secrets = new Map([['acct_1', ['whsec_of_account_1']]]);

  async secretsOf(account: string): Promise<string[] | undefined> {
    return this.secrets.get(account);
  }
}

@Injectable()
class AccountWebhooks {
  @WebhookTrigger({
    workflow: Fulfil,
    path: 'stripe/:account',
    verify: stripe({ secret: (ref, { account = '' }) => ref.get(Accounts).secretsOf(account) }),
  })
  ofAccount({ payload: { type, data }, params }: WebhookEvent<StripeEvent>) {
    if (type !== 'checkout.session.completed') return TriggerResult.skip(type);
    return { order: `${params['account']}/${data.object.id}` };
  }
}
// #endregion

// #region slack-events
interface Mention {
  event_id: string;
  event: { type: string; text: string; channel: string };
}

@Injectable()
class SlackEvents {
  @WebhookTrigger({ workflow: Answering, path: 'slack/events', verify: slack({ secret: secretsOf('SLACK_SECRET') }) })
  mentioned({ payload: { event } }: WebhookEvent<Mention>) {
    if (event.type !== 'app_mention') return TriggerResult.skip(event.type);
    return { question: event.text, replyTo: event.channel };
  }
}
// #endregion

// #region slack-commands
interface SlashCommand {
  text: string;
  response_url: string;
}

@Injectable()
class SlackCommands {
  @WebhookTrigger({
    workflow: Answering,
    path: 'slack/commands',
    verify: slack({ secret: secretsOf('SLACK_SECRET') }),
    respond: () => ({ status: 200, body: { response_type: 'ephemeral', text: 'I am looking it up.' } }),
  })
  asked({ payload }: WebhookEvent<SlashCommand>) {
    return { question: payload.text, replyTo: payload.response_url };
  }
}
// #endregion

// #region shopify
interface PaidOrder {
  id: number;
  test: boolean;
}

@Injectable()
class ShopifyWebhooks {
  @WebhookTrigger({
    workflow: Fulfil,
    path: 'shopify/orders-paid',
    verify: shopify({ secret: secretsOf('SHOPIFY_SECRET') }),
  })
  orderPaid({ payload }: WebhookEvent<PaidOrder>) {
    if (payload.test) return TriggerResult.skip('a test order');
    return { order: String(payload.id) };
  }
}
// #endregion

// #region standard
interface UserEvent {
  type: string;
  data: { id: string };
}

@Injectable()
class UserWebhooks {
  @WebhookTrigger({
    workflow: Welcome,
    name: 'members',
    path: 'members',
    verify: standardWebhooks({ secret: secretsOf('MEMBERS_SECRET') }),
  })
  @WebhookTrigger({
    workflow: Welcome,
    name: 'clerk',
    path: 'clerk',
    verify: standardWebhooks({ secret: secretsOf('CLERK_SECRET'), headers: 'svix' }),
  })
  created({ payload: { type, data } }: WebhookEvent<UserEvent>) {
    if (type !== 'user.created') return TriggerResult.skip(type);
    return { user: data.id };
  }
}
// #endregion

// #region cloud-events
interface OrderEvent {
  type: string;
  data: { order: string };
}

@Injectable()
class OrderEvents {
  @WebhookTrigger({
    workflow: Fulfil,
    path: 'events',
    verify: cloudEvents({
      verify: apiKey({ scheme: 'bearer', keys: secretsOf('EVENTS_KEYS') }),
      allowedOrigins: ['eventgrid.azure.net'],
    }),
  })
  ordered({ payload: { type, data } }: WebhookEvent<OrderEvent>) {
    if (type !== 'com.example.order.paid') return TriggerResult.skip(type);
    return { order: data.order };
  }
}
// #endregion

// #region hmac
interface Paid {
  id: string;
  order: string;
}

@Injectable()
class PaymentWebhooks {
  // Signs the body alone, and sends its id in it.
  @WebhookTrigger({
    workflow: Fulfil,
    name: 'plain',
    path: 'payments/plain',
    verify: hmac({ header: 'x-signature', prefix: 'sha256=', secret: secretsOf('PLAIN_SECRET') }),
    dedupKey: ({ id }: Paid) => id,
  })
  // Signs its clock with the body.
  @WebhookTrigger({
    workflow: Fulfil,
    name: 'timed',
    path: 'payments/timed',
    verify: hmac({
      header: 'x-signature',
      encoding: 'base64',
      template: '{timestamp}.{body}',
      timestampHeader: 'x-timestamp',
      secret: secretsOf('TIMED_SECRET'),
    }),
  })
  // Signs an id as well, which stays the same when it sends an event again.
  @WebhookTrigger({
    workflow: Fulfil,
    name: 'numbered',
    path: 'payments/numbered',
    verify: hmac({
      header: 'x-signature',
      template: '{id}.{timestamp}.{body}',
      idHeader: 'x-event-id',
      timestampHeader: 'x-timestamp',
      secret: secretsOf('NUMBERED_SECRET'),
    }),
  })
  paid({ payload }: WebhookEvent<Paid>) {
    return { order: payload.order };
  }
}
// #endregion

// #region api-key
@Injectable()
class WarehouseWebhooks {
  @WebhookTrigger({
    workflow: Fulfil,
    path: 'warehouse',
    verify: apiKey({ header: 'x-api-key', keys: secretsOf('WAREHOUSE_KEYS') }),
    dedupKey: ({ id }: Paid) => id,
  })
  packed({ payload }: WebhookEvent<Paid>) {
    return { order: payload.order };
  }
}
// #endregion

type Headers = Readonly<Record<string, string>>;
/** What a sender sends at an instant, with a secret of its own. */
type Sign = (body: string, secret: string, at: Date) => Headers | Promise<Headers>;

const JSON_TYPE = { 'content-type': 'application/json' };
const MINUTE_MS = 60_000;
const DAYS_7 = 7 * 24 * 60;

const byPackage =
  ({ signByPackage }: Vector): Sign =>
  async (body, secret, at) => ({ ...JSON_TYPE, ...(await signByPackage(body, secret, at)) });
const bySvix: Sign = async (body, secret, at) => {
  const headers = Object.entries(await byPackage(STANDARD)(body, secret, at));
  return Object.fromEntries(headers.map(([name, value]) => [name.replace('webhook-', 'svix-'), value]));
};
const bySlack: Sign = async (body, secret, at) => ({
  ...(await byPackage(SLACK)(body, secret, at)),
  'content-type': 'application/x-www-form-urlencoded',
});
const secondsOf = (at: Date) => String(Math.floor(at.getTime() / 1_000));
const hex = (text: string, secret: string) => createHmac('sha256', secret).update(text).digest('hex');
const plainly: Sign = (body, secret) => ({ ...JSON_TYPE, 'x-signature': `sha256=${hex(body, secret)}` });
const timed: Sign = (body, secret, at) => ({
  ...JSON_TYPE,
  'x-timestamp': secondsOf(at),
  'x-signature': createHmac('sha256', secret)
    .update(`${secondsOf(at)}.${body}`)
    .digest('base64'),
});
const numbered: Sign = (body, secret, at) => ({
  ...JSON_TYPE,
  'x-event-id': 'e-1',
  'x-timestamp': secondsOf(at),
  'x-signature': hex(`e-1.${secondsOf(at)}.${body}`, secret),
});

const ORDER = new CloudEvent({ id: 'a-1', source: '/shop', type: 'com.example.order.paid', data: { order: 'o-1' } });
const STRUCTURED = HTTP.structured(ORDER);
const BINARY = HTTP.binary(ORDER);
const withBearer =
  ({ headers }: typeof BINARY): Sign =>
  (_body, key) => ({ ...(headers as Record<string, string>), authorization: `Bearer ${key}` });

const PUSH = JSON.stringify({ ref: 'refs/heads/main', after: 'c0ffee' });
const CHECKOUT = JSON.stringify({ id: 'evt_1', type: 'checkout.session.completed', data: { object: { id: 'cs_1' } } });
const MENTION = JSON.stringify({ event_id: 'Ev1', event: { type: 'app_mention', text: 'when?', channel: 'C1' } });
const COMMAND = new URLSearchParams({ text: 'when?', response_url: 'https://hooks.example.com/1' }).toString();
const CREATED = JSON.stringify({ type: 'user.created', data: { id: 'user_1' } });
const PAID = JSON.stringify({ id: 'p-1', order: 'o-1' });
const KEYS = ['the-new-key', 'the-old-key'] as const;
/** A secret of the right form that nobody here has. */
const STRANGE = `whsec_${Buffer.from('nobody here has this').toString('base64')}`;

/** Each recipe: what it is sent, what it starts with, its dedup key and the minutes for which that is held. */
interface Recipe {
  readonly path: string;
  readonly secrets: readonly [string, string];
  readonly variable: string;
  readonly body: string;
  readonly sign: Sign;
  readonly context: object;
  readonly key: string;
  readonly minutes: number;
}

const RECIPES: readonly Recipe[] = [
  {
    path: 'github',
    variable: 'GITHUB_SECRET',
    secrets: GITHUB.secrets,
    body: PUSH,
    sign: byPackage(GITHUB),
    context: { commit: 'c0ffee' },
    key: 'sha256:',
    minutes: DAYS_7,
  },
  {
    path: 'stripe',
    variable: 'STRIPE_SECRET',
    secrets: STRIPE.secrets,
    body: CHECKOUT,
    sign: byPackage(STRIPE),
    context: { order: 'cs_1' },
    key: 'evt_1',
    minutes: DAYS_7,
  },
  {
    path: 'slack/events',
    variable: 'SLACK_SECRET',
    secrets: SLACK.secrets,
    body: MENTION,
    sign: byPackage(SLACK),
    context: { question: 'when?', replyTo: 'C1' },
    key: 'Ev1',
    minutes: DAYS_7,
  },
  {
    path: 'shopify/orders-paid',
    variable: 'SHOPIFY_SECRET',
    secrets: SHOPIFY.secrets,
    body: JSON.stringify({ id: 7, test: false }),
    sign: byPackage(SHOPIFY),
    context: { order: '7' },
    key: 'sha256:',
    minutes: DAYS_7,
  },
  {
    path: 'members',
    variable: 'MEMBERS_SECRET',
    secrets: STANDARD.secrets,
    body: CREATED,
    sign: byPackage(STANDARD),
    context: { user: 'user_1' },
    key: 'msg_1',
    minutes: DAYS_7,
  },
  {
    path: 'clerk',
    variable: 'CLERK_SECRET',
    secrets: STANDARD.secrets,
    body: CREATED,
    sign: bySvix,
    context: { user: 'user_1' },
    key: 'msg_1',
    minutes: DAYS_7,
  },
  {
    path: 'events',
    variable: 'EVENTS_KEYS',
    secrets: KEYS,
    body: STRUCTURED.body as string,
    sign: withBearer(STRUCTURED),
    context: { order: 'o-1' },
    key: '["/shop","a-1"]',
    minutes: DAYS_7,
  },
  {
    path: 'payments/plain',
    variable: 'PLAIN_SECRET',
    secrets: KEYS,
    body: PAID,
    sign: plainly,
    context: { order: 'o-1' },
    key: 'p-1',
    minutes: DAYS_7,
  },
  {
    path: 'payments/timed',
    variable: 'TIMED_SECRET',
    secrets: KEYS,
    body: PAID,
    sign: timed,
    context: { order: 'o-1' },
    key: 'sha256:',
    minutes: 10,
  },
  {
    path: 'payments/numbered',
    variable: 'NUMBERED_SECRET',
    secrets: KEYS,
    body: PAID,
    sign: numbered,
    context: { order: 'o-1' },
    key: 'e-1',
    minutes: DAYS_7,
  },
  {
    path: 'warehouse',
    variable: 'WAREHOUSE_KEYS',
    secrets: KEYS,
    body: PAID,
    sign: (_body, key) => ({ ...JSON_TYPE, 'x-api-key': key }),
    context: { order: 'o-1' },
    key: 'p-1',
    minutes: DAYS_7,
  },
];

const PROVIDERS = [
  ...[Deploy, Fulfil, Answering, Welcome],
  ...[GithubWebhooks, StripeWebhooks, Accounts, AccountWebhooks, SlackEvents, SlackCommands, ShopifyWebhooks],
  ...[UserWebhooks, OrderEvents, PaymentWebhooks, WarehouseWebhooks],
];

describe('the recipes for webhooks', () => {
  let clock: TestClock;
  let app: TestApp;
  beforeEach(async () => {
    const secrets = Object.fromEntries(RECIPES.map(({ variable, secrets }) => [variable, secrets.join(',')]));
    jest.replaceProperty(process, 'env', { ...process.env, ...secrets });
    clock = new TestClock();
    app = await boot({ database: 'sqlite', providers: PROVIDERS, clock });
  });
  afterEach(async () => {
    await cleanUp();
    jest.restoreAllMocks();
  });

  const send = async (path: string, body: string, headers: Headers | Promise<Headers>): Promise<Answer> =>
    app.call('POST', `//webhooks/${path}`, body, { authorization: '', ...(await headers) });
  const now = () => new Date(clock.now());
  const minutesHeld = async () => {
    const [row] = await app.database.query('SELECT expires_at FROM triggers_dedup');
    return Math.round((new Date(String(row?.['expires_at'])).getTime() - clock.now()) / MINUTE_MS);
  };

  it.each(RECIPES)('take what is sent to $path once, and say how long it is known', async (recipe) => {
    const { path, body, sign, context, key, minutes } = recipe;
    const [secret, former] = recipe.secrets;
    const accepted = await send(path, body, sign(body, secret, now()));
    expect(accepted).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect(accepted.body.dedupKey).toMatch(key.startsWith('sha256') ? /^sha256:[0-9a-f]{64}$/ : key);
    const { context: started } = await app.get(`/executions/${accepted.body.executionIds[0]}`);
    expect(started).toEqual(context);
    expect(await minutesHeld()).toBe(minutes);

    await clock.advance(2_000);
    const { firingId } = accepted.body as { firingId: string };
    expect((await send(path, body, sign(body, former, now()))).body).toMatchObject({ status: 'duplicate', firingId });
    expect((await send(path, body, sign(body, STRANGE, now()))).status).toBe(401);
    expect((await app.get('/executions')).items).toHaveLength(1);
  });

  it('skip what they do not want', async () => {
    const skipped = async (path: string, payload: object, vector: Vector) => {
      const body = JSON.stringify(payload);
      const { body: answer } = await send(path, body, byPackage(vector)(body, vector.secrets[0], now()));
      return { status: answer.status, reason: answer.reason };
    };
    expect([
      await skipped('github', { zen: 'Speak like a human.', hook_id: 1 }, GITHUB),
      await skipped('stripe', { id: 'evt_2', type: 'customer.created', data: { object: { id: 'cus_1' } } }, STRIPE),
      await skipped('slack/events', { event_id: 'Ev2', event: { type: 'reaction_added' } }, SLACK),
      await skipped('shopify/orders-paid', { id: 8, test: true }, SHOPIFY),
      await skipped('members', { type: 'user.deleted', data: { id: 'user_1' } }, STANDARD),
    ]).toEqual(
      ['no push to main', 'customer.created', 'reaction_added', 'a test order', 'user.deleted'].map((reason) => ({
        status: 'skipped',
        reason,
      })),
    );
  });

  it('refuse a signed time beyond five minutes', async () => {
    const late = new Date(clock.now() - 5 * MINUTE_MS - 1_000);
    const bySecret = byPackage(STRIPE)(CHECKOUT, STRIPE.secrets[0], late);
    expect((await send('stripe', CHECKOUT, bySecret)).status).toBe(401);
    expect((await send('payments/timed', PAID, timed(PAID, KEYS[0], late))).status).toBe(401);
    expect((await send('payments/plain', PAID, plainly(PAID, KEYS[0], late))).status).toBe(200);
  });

  it('know each account of Stripe by its own secret', async () => {
    const to = (account: string, secret: string) =>
      send(`stripe/${account}`, CHECKOUT, byPackage(STRIPE)(CHECKOUT, secret, now()));
    const accepted = await to('acct_1', 'whsec_of_account_1');
    expect(accepted.body).toMatchObject({ status: 'accepted', dedupKey: 'acct_1:evt_1' });
    expect((await app.get(`/executions/${accepted.body.executionIds[0]}`)).context).toEqual({ order: 'acct_1/cs_1' });
    expect((await to('acct_2', 'whsec_of_account_1')).status).toBe(401);
    expect((await to('acct_1', STRIPE.secrets[0])).status).toBe(401);
  });

  it('give Slack its challenge, and whoever types a command an answer', async () => {
    const challenge = JSON.stringify({ type: 'url_verification', challenge: '3eZbrw1aB' });
    const [secret] = SLACK.secrets;
    expect(await send('slack/events', challenge, byPackage(SLACK)(challenge, secret, now()))).toMatchObject({
      status: 200,
      body: '3eZbrw1aB',
    });
    const command = () => send('slack/commands', COMMAND, bySlack(COMMAND, secret, now()));
    const ephemeral = { response_type: 'ephemeral', text: 'I am looking it up.' };
    expect(await command()).toMatchObject({ status: 200, body: ephemeral });
    expect(await command()).toMatchObject({ status: 200, body: ephemeral });
    expect(await minutesHeld()).toBe(10);
    const [execution, ...others] = (await app.get('/executions')).items;
    expect(others).toEqual([]);
    expect(execution.context).toEqual({ question: 'when?', replyTo: 'https://hooks.example.com/1' });
    await app.triggers.setEnabled('asked', false);
    const next = COMMAND.replace('when', 'where');
    expect((await send('slack/commands', next, bySlack(next, secret, now()))).status).toBe(200);
  });

  it('take CloudEvents in binary mode, and grant a sender that asks first', async () => {
    const sent = await send('events', BINARY.body as string, withBearer(BINARY)('', KEYS[0], now()));
    expect(sent.body).toMatchObject({ status: 'accepted', dedupKey: '["/shop","a-1"]' });
    const asked = await app.call('OPTIONS', '//webhooks/events', undefined, {
      'webhook-request-origin': 'eventgrid.azure.net',
    });
    expect(asked.headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net');
  });
});
