import type { WebhookVerifier } from '../../libs/triggers/src/index.js';
import { apiKey, cloudEvents, custom, github, hmac, stripe } from '../../libs/triggers/src/index.js';

class Config {
  readonly secrets = ['old', 'new'];
}

export const accepted: readonly WebhookVerifier[] = [
  github({ secret: 'one' }),
  github({ secret: ['old', 'new'] }),
  stripe({ secret: (ref) => ref.get(Config).secrets, tolerance: '10m' }),
  stripe({ secret: async (_ref, { account }) => account }),
  hmac({ header: 'x-signature', encoding: 'base64', secret: 'one' }),
  apiKey({ header: 'x-api-key', keys: 'one' }),
  apiKey({ scheme: 'bearer', keys: 'one' }),
  custom(({ headers, body }) => headers['x-size'] === String(body.length)),
  custom(async (_delivery, ref) => ({ ok: true, key: ref.get(Config).secrets[0] ?? 'none' })),
  cloudEvents({ verify: apiKey({ scheme: 'bearer', keys: 'one' }), allowedOrigins: ['*'], rate: 60 }),
];

// @ts-expect-error -- a variable that may be undefined is no secret: it has to come from a function
github({ secret: process.env['SECRET'] });
// @ts-expect-error -- a preset that signs has no default for its secret
stripe({});
// @ts-expect-error -- a tolerance is a duration
stripe({ secret: 'one', tolerance: '5 minutes' });
// @ts-expect-error -- an hmac stands in a header
hmac({ secret: 'one' });
// @ts-expect-error -- a key comes in a header of its own or as a bearer token
apiKey({ keys: 'one' });
// @ts-expect-error -- somebody has to check who sends CloudEvents
cloudEvents({});
// @ts-expect-error -- a check that forgets to answer lets nobody in
custom(() => undefined);
