/** Nobody is believed who asks for more: an hour. */
export const MAX_WAIT_MS = 3_600_000;

/**
 * Until when a server wants to be left alone, by its `Retry-After`: seconds, or a date.
 *
 * @param now ms since 1970 (UTC)
 * @returns `null` where it does not say
 */
export function retryAt(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const at = /^\d+$/.test(header.trim()) ? now + Number(header) * 1_000 : Date.parse(header);
  return Number.isNaN(at) ? null : Math.min(Math.max(at, now), now + MAX_WAIT_MS);
}
