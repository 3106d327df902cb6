import fc from 'fast-check';
import { PROPERTY_TIMEOUT_MS, runs } from '../../../testing/properties.contract.js';
import { apiKey } from './api-key.verifier.js';
import { deliver, NOW, open } from './delivery.contract.js';
import type { Vector } from './vectors.contract.js';
import { VECTORS } from './vectors.contract.js';
import type { Verification, WebhookDelivery } from './verifier.js';

const MINUTE = 60_000;
const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array));
const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
/** Where, and what instead: positions are taken modulo the length. */
const changes = fc.record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }), character: printable });
type Change = { readonly at: number; readonly bit: number; readonly character: string };

function withFlippedBit(body: Buffer, { at, bit }: Change): Buffer {
  const changed = Buffer.from(body);
  const index = at % body.length;
  changed[index] = (changed[index] as number) ^ (1 << bit);
  return changed;
}

/** The same text with one character changed, or `null` where the change changes nothing. */
function withOther(text: string, { at, character }: Change): string | null {
  const index = at % text.length;
  return text[index] === character ? null : text.slice(0, index) + character + text.slice(index + 1);
}

async function judge(vector: Vector, delivery: WebhookDelivery): Promise<Verification> {
  return (await open(vector.preset([...vector.secrets]))).verify(delivery);
}

function signed(vector: Vector, body: Buffer): WebhookDelivery {
  return deliver({ body, headers: vector.sign(body, vector.secrets[1], NOW) });
}

describe.each(VECTORS)('$vendor', (vector) => {
  it(
    'refuses a body of which one bit was flipped, one byte added or one taken away',
    async () => {
      await fc.assert(
        fc.asyncProperty(bytes, changes, async (body, change) => {
          const delivery = signed(vector, body);
          expect(await judge(vector, delivery)).toEqual({ ok: true });
          const bodies = [
            withFlippedBit(body, change),
            Buffer.concat([body, Buffer.from([change.bit])]),
            body.subarray(0, -1),
            body.subarray(1),
          ];
          for (const changed of bodies)
            expect(await judge(vector, { ...delivery, body: changed })).toMatchObject({ ok: false });
        }),
        runs(100),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it(
    'refuses headers of which one character was changed: signature, time and id alike',
    async () => {
      await fc.assert(
        fc.asyncProperty(bytes, changes, async (body, change) => {
          const delivery = signed(vector, body);
          for (const [name, value] of Object.entries(delivery.headers)) {
            const other = withOther(value, change);
            if (other === null) continue;
            const headers = { ...delivery.headers, [name]: other };
            expect(await judge(vector, { ...delivery, headers })).toMatchObject({ ok: false });
          }
        }),
        runs(200),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it(
    'gives reasons that hold neither a secret nor what the signature should have been',
    async () => {
      const offset = fc.constantFrom(-6 * MINUTE, 0, 6 * MINUTE);
      const texts = fc.oneof(fc.string(), fc.constantFrom('', 'v1,', 't=', 'sha256=', 'v0='));
      await fc.assert(
        fc.asyncProperty(bytes, offset, texts, async (body, ms, text) => {
          const delivery = signed(vector, body);
          const expected = delivery.headers[vector.signatureHeader] as string;
          const headers = { ...delivery.headers, [vector.signatureHeader]: text };
          const verdict = await judge(vector, { ...delivery, headers, receivedAt: new Date(NOW.getTime() + ms) });
          expect(verdict.ok).toBe(false);
          const told = JSON.stringify(verdict);
          for (const secret of [...vector.secrets, expected.slice(-20)]) expect(told).not.toContain(secret);
        }),
        runs(100),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it('never throws, whatever the headers and the body are', async () => {
    const names = Object.keys(signed(vector, Buffer.from('{}')).headers);
    const anyHeaders = fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(anyHeaders, bytes, async (headers, body) => {
        expect(await judge(vector, deliver({ headers, body }))).toMatchObject({ ok: false });
      }),
      runs(200),
    );
  });
});

it('lets no key in that differs from those of apiKey in a single character', async () => {
  const keys = ['k_0123456789abcdef', 'k_fedcba9876543210'];
  const verifier = await open(apiKey({ scheme: 'bearer', keys }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...keys), changes, async (key, change) => {
      const other = withOther(key, change);
      if (other === null) return;
      const verdict = await verifier.verify(deliver({ headers: { authorization: `Bearer ${other}` } }));
      expect(verdict.ok).toBe(false);
      for (const secret of [...keys, other]) expect(JSON.stringify(verdict)).not.toContain(secret);
    }),
    runs(200),
  );
});
