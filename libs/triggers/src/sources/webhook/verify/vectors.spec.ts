import { deliver, NOW, open } from './delivery.contract.js';
import { GITHUB, SHOPIFY, SLACK, STANDARD, STRIPE, TWITCH, VECTORS } from './vectors.contract.js';

const MINUTE = 60_000;
const REFUSED = { ok: false, reason: expect.stringContaining('') as string };
const BODIES = {
  'an empty body': '',
  'a JSON body': '{"id":"evt_1","type":"invoice.paid"}',
  'a body with every kind of character': '{"name":"Zoë 🦄 \u2028 \ud83d\ude00","n":1.0, "html":"<a&b>"}',
  'a body of 1 MiB': `{"a":"${'x'.repeat(1_048_576 - 8)}"}`,
};

describe.each(VECTORS)('$vendor', (vector) => {
  const { preset, secrets, sign, signByPackage } = vector;
  const [old, young] = secrets;
  const body = Buffer.from(BODIES['a JSON body']);

  it.each(Object.entries(BODIES))('accepts %s, signed as its page and its own package say', async (_name, text) => {
    const signed = sign(Buffer.from(text), old, NOW);
    const packaged = (await signByPackage(text, old, NOW)) ?? signed;
    expect(packaged).toEqual(signed);
    const verifier = await open(preset(old));
    expect(await verifier.verify(deliver({ body: text, headers: packaged }))).toEqual({ ok: true });
  });

  it('accepts bytes that are no UTF-8', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0x7d]);
    const verifier = await open(preset(old));
    const delivery = deliver({ body: bytes, headers: sign(bytes, old, NOW) });
    expect(await verifier.verify(delivery)).toEqual({ ok: true });
    // What a library that turns bytes into text first would take for the same.
    const lookalike = deliver({ ...delivery, body: Buffer.from(bytes.toString()) });
    expect(await verifier.verify(lookalike)).toEqual(REFUSED);
  });

  it('tries every active secret, while one is replaced', async () => {
    const both = await open(preset([young, old]));
    const onlyNew = await open(preset(young));
    for (const secret of secrets)
      expect(await both.verify(deliver({ body, headers: sign(body, secret, NOW) }))).toEqual({ ok: true });
    expect(await onlyNew.verify(deliver({ body, headers: sign(body, old, NOW) }))).toEqual(REFUSED);
  });

  it('refuses a delivery that lacks any of its headers', async () => {
    const verifier = await open(preset(old));
    const signed = sign(body, old, NOW);
    for (const header of Object.keys(signed)) {
      const { [header]: _left, ...others } = signed;
      expect(await verifier.verify(deliver({ body, headers: others }))).toEqual(REFUSED);
      expect(await verifier.verify(deliver({ body, headers: { ...others, [header]: '' } }))).toEqual(REFUSED);
    }
  });

  it('refuses the signature of another body', async () => {
    const verifier = await open(preset(old));
    const headers = sign(Buffer.from('{"id":"evt_2"}'), old, NOW);
    expect(await verifier.verify(deliver({ body, headers }))).toEqual(REFUSED);
  });
});

describe.each([STANDARD, STRIPE, SLACK, TWITCH])(
  'the time that $vendor signs',
  ({ preset, secrets: [secret], sign }) => {
    const body = Buffer.from('{}');
    const headers = sign(body, secret, NOW);
    const after = (ms: number) => deliver({ body, headers, receivedAt: new Date(NOW.getTime() + ms) });

    it.each([
      { ms: 0, ok: true },
      { ms: 5 * MINUTE, ok: true },
      { ms: 5 * MINUTE + 1, ok: false },
      { ms: -5 * MINUTE, ok: true },
      { ms: -5 * MINUTE - 1, ok: false },
      { ms: 365 * 24 * 60 * MINUTE, ok: false },
    ])('is in time $ms ms later: $ok', async ({ ms, ok }) => {
      const verifier = await open(preset(secret));
      expect(await verifier.verify(after(ms))).toMatchObject({ ok });
    });

    it('may lie as far as the option "tolerance" says', async () => {
      const verifier = await open(preset(secret, { tolerance: '1h' }));
      expect(await verifier.verify(after(60 * MINUTE))).toEqual({ ok: true });
      expect(await verifier.verify(after(60 * MINUTE + 1))).toEqual(REFUSED);
    });

    it('is not believed from a captured delivery whose time was moved', async () => {
      const verifier = await open(preset(secret));
      const later = new Date(NOW.getTime() + 60 * MINUTE);
      const fresh = sign(body, 'whsec_AAAA', later);
      const moved = Object.fromEntries(
        Object.keys(headers).map((name) => [name, name.includes('signature') ? headers[name] : fresh[name]]),
      ) as Record<string, string>;
      if (moved['stripe-signature'] !== undefined)
        moved['stripe-signature'] = moved['stripe-signature'].replace(/t=\d+/, `t=${later.getTime() / 1_000}`);
      expect(await verifier.verify(deliver({ body, headers: moved, receivedAt: later }))).toEqual(REFUSED);
    });

    it('is a definition error when "tolerance" is no duration', async () => {
      const opening = open(preset(secret, { tolerance: '5 minutes' as never }));
      await expect(opening).rejects.toMatchObject({
        code: 'TRG_DEF_INVALID_DURATION',
        message: expect.stringContaining('Trigger "payments" (Payments.onEvent), option "verify.tolerance"') as string,
      });
    });
  },
);

it.each([
  { vector: STANDARD, time: '1772366400.5' },
  { vector: STANDARD, time: ' 1772366400' },
  { vector: STANDARD, time: '1772366400, 1772366400' },
  { vector: STANDARD, time: '1.7723664e9' },
  { vector: STANDARD, time: '-1772366400' },
  { vector: STANDARD, time: 'NaN' },
  { vector: SLACK, time: '0x69a42bc0' },
  { vector: SLACK, time: '01772366400' },
  { vector: SLACK, time: '1772366400 ' },
  { vector: TWITCH, time: '2026-03-01' },
  { vector: TWITCH, time: '2026-13-01T12:00:00Z' },
  { vector: TWITCH, time: 'Sun, 01 Mar 2026 12:00:00 GMT' },
])('refuses "$time" as a time of $vector.vendor before it looks at the signature', async ({ vector, time }) => {
  const headers = { ...vector.sign(Buffer.from('{}'), vector.secrets[0], NOW), [vector.timeHeader as string]: time };
  const verifier = await open(vector.preset(vector.secrets[0]));
  expect(await verifier.verify(deliver({ headers }))).toEqual({ ok: false, reason: 'the signed time is no time' });
});

it.each([STRIPE, SLACK, GITHUB, SHOPIFY])('refuses a repeated signature header of $vendor', async (vector) => {
  const { [vector.signatureHeader]: signature, ...others } = vector.sign(Buffer.from('{}'), vector.secrets[0], NOW);
  const headers = { ...others, [vector.signatureHeader]: `${signature}, ${signature}` };
  const verifier = await open(vector.preset(vector.secrets[0]));
  expect(await verifier.verify(deliver({ headers }))).toEqual(REFUSED);
});

it.each([STANDARD, TWITCH])('takes any of several signatures of $vendor', async (vector) => {
  const [old, young] = vector.secrets.map((secret) => vector.sign(Buffer.from('{}'), secret, NOW));
  const [name, between] = [vector.signatureHeader, vector.between as string];
  const headers = { ...old, [name]: `${young?.[name]}${between}${old?.[name]}` };
  for (const secret of vector.secrets)
    expect(await (await open(vector.preset(secret))).verify(deliver({ headers }))).toEqual({ ok: true });
  expect(await (await open(vector.preset('whsec_AAAA'))).verify(deliver({ headers }))).toEqual(REFUSED);
});
