import { createHmac } from 'node:crypto';
import type { Answer, TestApp } from './app.js';

export const SECRET = 'a-secret-of-the-tests';
export const SIGNATURE = 'x-signature';

/** The signature that `hmac({ header: SIGNATURE, secret: SECRET })` believes. */
export function sign(body: string | Buffer, secret = SECRET): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/** Sends a delivery to a webhook, signed unless the headers say otherwise. `path` stands below the prefix. */
export async function deliver(
  app: Pick<TestApp, 'url'>,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  method = 'POST',
): Promise<Answer> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const response = await fetch(`${app.url}/${path.startsWith('/') ? path.slice(1) : `webhooks/${path}`}`, {
    method,
    headers: { 'content-type': 'application/json', [SIGNATURE]: sign(bytes), ...headers },
    ...(method === 'POST' && { body: bytes }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
