import { isSecretName } from './secret-names.js';

describe('a name', () => {
  it.each([
    ...['authorization', 'Cookie', 'x-hub-signature-256', 'x-shopify-hmac-sha256', 'x-api-key', 'apikey', 'api_key'],
    ...[
      'x-functions-key',
      'ocp-apim-subscription-key',
      'x-access-key',
      'x-auth',
      'x-jwt-assertion',
      'x-amz-security-token',
    ],
    ...['key', 'sig', 'code', 'token', 'hookToken', 'accessKey', 'auth_code', 'x-sign', 'client_secret', 'sessionId'],
  ])('makes its value a secret: %s', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each([
    ...['content-type', 'user-agent', 'x-github-event', 'x-event-key', 'idempotency-key', 'x-request-id', 'host'],
    ...['page', 'account', 'author', 'keyboard', 'monkey', 'country-code', 'tenant', 'design', 'x-forwarded-for'],
  ])('does not: %s', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});
