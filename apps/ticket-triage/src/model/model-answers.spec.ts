import { readClassification } from './classification.reader.js';
import { retryAfterMs } from './retry-after.js';

const NOW = Date.parse('2026-04-01T12:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['seconds', '30', 30_000],
    ['a date', 'Wed, 01 Apr 2026 12:00:10 GMT', 10_000],
    ['a date that has passed', 'Wed, 01 Apr 2026 11:00:00 GMT', 0],
    ['nothing', null, undefined],
    ['nonsense', 'later', undefined],
  ])('is read as %s', (_kind, header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });
});

describe('a completion', () => {
  const completion = (content: unknown) => ({ choices: [{ message: { content } }] });
  const good = { category: 'billing', urgency: 'low', summary: 'Wants a refund.' };

  it('is read as a classification, and as nothing else that it may hold', () => {
    expect(readClassification(completion(JSON.stringify({ ...good, team: 'mine' })))).toEqual(good);
  });

  it.each([
    ['is no JSON', completion('Billing, I think.')],
    ['has an unknown category', completion(JSON.stringify({ ...good, category: 'passwords' }))],
    ['has an unknown urgency', completion(JSON.stringify({ ...good, urgency: 'now' }))],
    ['has no summary', completion(JSON.stringify({ ...good, summary: null }))],
    ['is null', completion('null')],
    ['refuses', completion(null)],
    ['is empty', {}],
    ['is nothing', null],
  ])('that %s is tried again', (_what, given) => {
    expect(() => readClassification(given)).toThrow("The model's answer is no classification");
  });
});
