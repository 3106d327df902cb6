import { NotFoundException } from '@nestjs/common';
import { TestClock } from '../../../testing/test-clock.js';
import { deliver, NOW, open, REF } from './delivery.contract.js';
import { github } from './github.verifier.js';
import type { SecretOption, Secrets } from './secret.js';
import { GITHUB } from './vectors.contract.js';
import type { Verification } from './verifier.js';

const MINUTE = 60_000;
const OK = { ok: true };
const NOT_SIGNED = { ok: false, reason: 'no active secret has made this signature' };
const UNAVAILABLE = { ok: false, reason: 'the secrets could not be read', unavailable: true };

/** A preset on a clock, with a note of what operators were told. */
async function opened(secret: SecretOption, { hasParams = false } = {}) {
  const told: string[] = [];
  const clock = new TestClock(NOW);
  const verifier = await open(github({ secret }), { clock, hasParams, warn: (message) => told.push(message) });
  const verify = (by: string, params: Record<string, string> = {}): Promise<Verification> =>
    verifier.verify(deliver({ params, headers: GITHUB.sign(Buffer.from('{}'), by, NOW) }));
  return { clock, told, verify };
}

/** A function that returns secrets, under the hand of a test. */
function secretsFrom(read: () => Secrets | null | undefined | Promise<Secrets | null | undefined>) {
  return jest.fn((_ref: unknown, _params: Readonly<Record<string, string>>) => read());
}

describe('secrets at boot', () => {
  it.each([
    { secret: undefined, says: 'a secret is undefined' },
    { secret: null, says: 'a secret is null' },
    { secret: '', says: 'a secret is empty' },
    { secret: ' \t', says: 'a secret is empty' },
    { secret: [], says: 'the list of secrets is empty' },
    { secret: ['s3cr3t', ''], says: 'a secret is empty' },
    { secret: ['s3cr3t', undefined], says: 'a secret is undefined' },
    { secret: 42, says: 'a secret is of type number, no text' },
    { secret: () => undefined, says: 'a secret is undefined' },
    { secret: async () => '', says: 'a secret is empty' },
    {
      secret: () => {
        throw new Error('no such variable');
      },
      says: 'the function that should return it threw: no such variable',
    },
  ])('are a definition error that names trigger and option: $says', async ({ secret, says }) => {
    const message = `Trigger "payments" (Payments.onEvent), option "verify.secret": ${says}`;
    await expect(opened(secret as SecretOption)).rejects.toMatchObject({
      code: 'TRG_DEF_INVALID_OPTION',
      message: expect.stringContaining(message) as string,
    });
  });

  it('come from a function that is given the application', async () => {
    const secret = secretsFrom(() => 'old');
    const { verify } = await opened(secret);
    expect(secret.mock.calls).toEqual([[REF, {}]]);
    expect(await verify('old')).toEqual(OK);
    expect(secret).toHaveBeenCalledTimes(1);
  });

  it('belong to one application: the same preset opened twice knows each its own', async () => {
    const preset = github({ secret: (ref) => (ref as unknown as { readonly secret: string }).secret });
    const [left, right] = await Promise.all(
      ['left', 'right'].map((secret) => open(preset, { ref: { secret } as never })),
    );
    const delivery = deliver({ headers: GITHUB.sign(Buffer.from('{}'), 'left', NOW) });
    expect(await left?.verify(delivery)).toEqual(OK);
    expect(await right?.verify(delivery)).toEqual(NOT_SIGNED);
  });
});

describe('secrets of a function', () => {
  it('are read again after a minute, while the old ones serve', async () => {
    let current: Secrets = 'old';
    const secret = secretsFrom(() => current);
    const { clock, verify } = await opened(secret);
    current = ['old', 'new'];
    await clock.advance(MINUTE - 1);
    expect(await verify('new')).toEqual(NOT_SIGNED);
    expect(secret).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    expect(await verify('old')).toEqual(OK);
    await clock.settle();
    expect(await verify('new')).toEqual(OK);
    expect(secret).toHaveBeenCalledTimes(2);
  });

  it('are waited for after five minutes of silence: what was revoked meanwhile is not believed', async () => {
    let current: Secrets = 'old';
    const { clock, verify } = await opened(secretsFrom(async () => current));
    current = 'new';
    await clock.advance(5 * MINUTE);
    expect(await verify('old')).toEqual(NOT_SIGNED);
    expect(await verify('new')).toEqual(OK);
  });

  it.each([
    { wrong: 'throws', read: () => Promise.reject(new Error('vault is sealed')), told: 'vault is sealed' },
    { wrong: 'finds nothing', read: () => Promise.reject(new NotFoundException('gone')), told: 'gone' },
    { wrong: 'returns nothing', read: () => undefined, told: 'a secret is undefined' },
    { wrong: 'returns an empty text', read: () => '', told: 'a secret is empty' },
  ])('stay in use when reading again $wrong, which is told once a minute', async ({ read, told: says }) => {
    let next: () => Secrets | undefined | Promise<Secrets> = () => 'old';
    const secret = secretsFrom(() => next());
    const { clock, told, verify } = await opened(secret);
    next = read;
    await clock.advance(MINUTE);
    expect(await Promise.all([verify('old'), verify('old'), verify('old')])).toEqual([OK, OK, OK]);
    await clock.settle();
    expect(told).toEqual([expect.stringContaining(says)]);
    expect(told[0]).toContain('Trigger "payments" (Payments.onEvent), option "verify.secret"');
    expect(told[0]).toContain('The secrets read before stay in use');
    await clock.advance(MINUTE - 1);
    expect(await verify('old')).toEqual(OK);
    expect(secret).toHaveBeenCalledTimes(2);

    await clock.advance(20 * MINUTE);
    expect(await verify('old')).toEqual(OK);
    expect(told).toHaveLength(2);
    next = () => 'new';
    await clock.advance(MINUTE);
    await verify('old');
    await clock.settle();
    expect(await verify('new')).toEqual(OK);
  });

  it('stay in use when reading them again never ends', async () => {
    let next: () => Secrets | Promise<Secrets> = () => 'old';
    const { clock, verify } = await opened(secretsFrom(() => next()));
    next = () => new Promise<Secrets>(() => undefined);
    await clock.advance(5 * MINUTE);
    const verdict = verify('old');
    await clock.advance(2_000);
    expect(await verdict).toEqual(OK);
  });
});

describe('secrets of senders in the path', () => {
  const accounts: Record<string, Secrets> = { acct_1: 'one', acct_2: ['two', 'old two'] };

  it('are read for each sender at its first delivery, once for many at a time', async () => {
    const secret = jest.fn(
      (_ref: unknown, { account }: Readonly<Record<string, string>>) => accounts[account as string],
    );
    const { verify } = await opened(secret, { hasParams: true });
    expect(secret).not.toHaveBeenCalled();
    const verdicts = await Promise.all([
      verify('one', { account: 'acct_1' }),
      verify('one', { account: 'acct_1' }),
      verify('old two', { account: 'acct_2' }),
      verify('one', { account: 'acct_2' }),
    ]);
    expect(verdicts).toEqual([OK, OK, OK, NOT_SIGNED]);
    expect(secret.mock.calls.map(([, params]) => params)).toEqual([{ account: 'acct_1' }, { account: 'acct_2' }]);
  });

  it.each([
    { unknown: 'is undefined', answer: () => undefined },
    { unknown: 'is null', answer: async () => null },
    { unknown: 'throws NotFoundException', answer: () => Promise.reject(new NotFoundException('no account')) },
    {
      unknown: 'throws an error with status 404',
      answer: () => Promise.reject(Object.assign(new Error(), { status: 404 })),
    },
  ])(
    'are none for a sender whose secret $unknown: refused, told to nobody, and asked again a minute later',
    async ({ answer }) => {
      let next: () => Secrets | null | undefined | Promise<Secrets | null | undefined> = answer;
      const secret = secretsFrom(() => next());
      const { clock, told, verify } = await opened(secret, { hasParams: true });
      const unknown = { ok: false, reason: 'unknown sender: nobody has this path parameter: "account"' };
      expect(await verify('any', { account: 'acct_9' })).toEqual(unknown);
      expect(await verify('any', { account: 'acct_9' })).toEqual(unknown);
      expect(secret).toHaveBeenCalledTimes(1);
      expect(told).toEqual([]);
      next = () => 'nine';
      await clock.advance(MINUTE);
      expect(await verify('nine', { account: 'acct_9' })).toEqual(OK);
      next = answer;
      await clock.advance(5 * MINUTE);
      expect(await verify('nine', { account: 'acct_9' })).toEqual(unknown);
    },
  );

  it.each([
    { wrong: 'throws', read: () => Promise.reject(new Error('the database is away')), says: 'the database is away' },
    { wrong: 'returns an empty text', read: () => '', says: 'a secret is empty' },
  ])('are our fault and no refusal when the first reading $wrong', async ({ read, says }) => {
    let next: () => Secrets | Promise<Secrets> = read;
    const { told, verify } = await opened(
      secretsFrom(() => next()),
      { hasParams: true },
    );
    expect(await verify('one', { account: 'acct_1' })).toEqual(UNAVAILABLE);
    expect(await verify('one', { account: 'acct_2' })).toEqual(UNAVAILABLE);
    expect(told).toEqual([expect.stringContaining(says)]);
    next = () => 'one';
    expect(await verify('one', { account: 'acct_1' })).toEqual(OK);
  });

  it('keep a delivery waiting for two seconds at most', async () => {
    const { clock, verify } = await opened((_ref, _params) => new Promise(() => undefined), { hasParams: true });
    const verdict = verify('one', { account: 'acct_1' });
    await clock.advance(2_000);
    expect(await verdict).toEqual(UNAVAILABLE);
  });

  it('are one for all of them where the function takes no parameters', async () => {
    const secret = jest.fn(() => 'one');
    const { verify } = await opened(secret, { hasParams: true });
    expect(secret).toHaveBeenCalledTimes(1);
    expect(await verify('one', { account: 'acct_1' })).toEqual(OK);
    expect(await verify('one', { account: 'acct_2' })).toEqual(OK);
    expect(secret.mock.calls).toEqual([[REF, {}]]);
  });

  it('are read for 100 at once, whatever names strangers invent while the function hangs, and after 30 s for others', async () => {
    let answer: Promise<Secrets> = new Promise(() => undefined);
    const secret = secretsFrom(() => answer);
    const { clock, told, verify } = await opened(secret, { hasParams: true });
    const strangers = Array.from({ length: 150 }, (_, at) => verify('any', { account: `x${at}` }));
    await clock.advance(2_000);
    expect(await Promise.all(strangers)).toEqual(strangers.map(() => UNAVAILABLE));
    expect(secret).toHaveBeenCalledTimes(100);
    answer = Promise.resolve('one');
    expect(await verify('one', { account: 'acct_1' })).toEqual(UNAVAILABLE);
    await clock.advance(28_000);
    expect(told).toEqual([expect.stringContaining('did not end within 30s')]);
    expect(await verify('one', { account: 'acct_1' })).toEqual(OK);
  });

  it('stay known while strangers invent 5,000 names', async () => {
    const secret = jest.fn(
      (_ref: unknown, { account }: Readonly<Record<string, string>>) => accounts[account as string],
    );
    const { verify } = await opened(secret, { hasParams: true });
    await verify('one', { account: 'acct_1' });
    for (let stranger = 0; stranger < 5_000; stranger++) await verify('any', { account: `x${stranger}` });
    expect(await verify('one', { account: 'acct_1' })).toEqual(OK);
    expect(secret).toHaveBeenCalledTimes(5_001);
  });

  it('are forgotten, the longest unused first, beyond 1,000 senders', async () => {
    const secret = jest.fn((_ref: unknown, { account }: Readonly<Record<string, string>>) => account);
    const { verify } = await opened(secret, { hasParams: true });
    for (let sender = 0; sender < 1_000; sender++) await verify(`s${sender}`, { account: `s${sender}` });
    await verify('s0', { account: 's0' });
    await verify('s1000', { account: 's1000' });
    secret.mockClear();
    expect(await verify('s0', { account: 's0' })).toEqual(OK);
    expect(secret).not.toHaveBeenCalled();
    expect(await verify('s1', { account: 's1' })).toEqual(OK);
    expect(secret).toHaveBeenCalledTimes(1);
  });
});
