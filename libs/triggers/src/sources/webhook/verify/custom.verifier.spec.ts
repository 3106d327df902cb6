import { custom } from './custom.verifier.js';
import type { CustomVerify } from './custom.verifier.js';
import { deliver, open, REF } from './delivery.contract.js';

const refused = (reason: string) => ({ ok: false, reason });

it.each([
  { answer: true, verdict: { ok: true } },
  { answer: { ok: true }, verdict: { ok: true } },
  { answer: { ok: true, key: 'evt_1' }, verdict: { ok: true, key: 'evt_1' } },
  {
    answer: { ok: true, key: '' },
    verdict: refused('the function gave a key that is no text of 1 to 1024 characters'),
  },
  { answer: { ok: true, key: 7 }, verdict: refused('the function gave a key that is no text of 1 to 1024 characters') },
  { answer: false, verdict: refused('the function said no') },
  { answer: { ok: false }, verdict: refused('the function said no') },
  { answer: { ok: false, reason: 'token of tenant 7 has expired' }, verdict: refused('token of tenant 7 has expired') },
  { answer: { ok: false, reason: `a\u0000b${'x'.repeat(300)}` }, verdict: refused(`ab${'x'.repeat(197)}…`) },
  { answer: undefined, verdict: refused('the function returned no verdict') },
  { answer: null, verdict: refused('the function returned no verdict') },
  { answer: 1, verdict: refused('the function returned no verdict') },
  { answer: 'true', verdict: refused('the function returned no verdict') },
  { answer: { ok: 'yes' }, verdict: refused('the function returned no verdict') },
])('makes $verdict of the answer $answer', async ({ answer, verdict }) => {
  const delivery = deliver({ body: 'x' });
  const check = jest.fn(() => answer as boolean);
  expect(await (await open(custom(check))).verify(delivery)).toEqual(verdict);
  expect(await (await open(custom(async () => answer as boolean))).verify(delivery)).toEqual(verdict);
  expect(check.mock.calls).toEqual([[delivery, REF]]);
});

it.each([
  {
    throws: () => {
      throw new Error('introspection is down');
    },
    reason: 'the function threw: introspection is down',
  },
  {
    throws: () => Promise.reject(new Error(`\u0007${'long '.repeat(100)}`)),
    reason: `the function threw: ${'long '.repeat(35)}long…`,
  },
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what users' code may do
  { throws: () => Promise.reject(undefined), reason: 'the function threw: undefined' },
])('refuses when the function throws: $reason', async ({ throws, reason }) => {
  expect(await (await open(custom(throws as CustomVerify))).verify(deliver({}))).toEqual({ ok: false, reason });
});

it('covers the body unless the function is said to prove who sends', () => {
  expect(custom(() => true)).toMatchObject({ covers: 'body', secretHeaders: [] });
  expect(custom(() => true, { covers: 'request', secretHeaders: ['X-Token'] })).toMatchObject({
    covers: 'request',
    secretHeaders: ['x-token'],
  });
});

it('refuses anything else than a function at boot', async () => {
  await expect(open(custom('x-token' as never))).rejects.toMatchObject({
    code: 'TRG_DEF_INVALID_OPTION',
    message: 'Trigger "payments" (Payments.onEvent), option "verify": custom() takes a function.',
  });
});
