/**
 * Reads the header `Retry-After`: seconds, or the date of an end.
 *
 * @returns milliseconds from now; `undefined` when the header is absent or makes no sense
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
