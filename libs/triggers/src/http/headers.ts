import type { AbstractHttpAdapter } from '@nestjs/core';

/** Every answer of ours is private to who asked. */
const ALWAYS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;

/** Sets headers of an answer, on either platform, with those that every answer of ours has. */
export function writeHeaders(
  adapter: AbstractHttpAdapter,
  response: object,
  headers: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries({ ...ALWAYS, ...headers })) adapter.setHeader(response, name, value);
}
