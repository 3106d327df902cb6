import { retryAt } from './retry-after.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

it.each([
  ['120', 120_000],
  ['0', 0],
  [' 5 ', 5_000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 00:00:30 GMT', 0],
  ['999999', 3_600_000],
  ['Fri, 01 Jan 2100 00:00:00 GMT', 3_600_000],
])('waits for %j', (header, ms) => expect(retryAt(header, NOW)).toBe(NOW + ms));

it.each([undefined, 'soon', ''])('knows nothing of %j', (header) => expect(retryAt(header, NOW)).toBeNull());
