import { createHmac, timingSafeEqual } from 'node:crypto';
import { IsEmail, IsIn, IsInt, IsString, Length, Min } from 'class-validator';

/** What senders sign with, as Standard Webhooks writes it: the base64 of the key behind a prefix. */
export const SECRET = `whsec_${Buffer.from('a secret of the benches, 32 byte').toString('base64')}`;
const KEY = Buffer.from(SECRET.slice('whsec_'.length), 'base64');

/** What every contender checks each payload for. */
export class Order {
  @IsInt()
  @Min(0)
  order!: number;

  @IsString()
  @Length(1, 100)
  customer!: string;

  @IsEmail()
  email!: string;

  @IsInt()
  @Min(1)
  cents!: number;

  @IsIn(['EUR', 'USD'])
  currency!: string;

  @IsString()
  note!: string;
}

/** One order as it is sent, about 300 bytes. */
export function orderText(order: number): string {
  const customer = `customer-${order % 1_000}`;
  return JSON.stringify({
    order: 1_000_000 + order,
    customer,
    email: `${customer}@example.com`,
    cents: 12_990,
    currency: 'EUR',
    articles: ['a-7', 'b-12', 'c-4711'],
    address: '12 Long Street, 4711 Somewhere',
    note: 'Please leave it with the neighbours if nobody is at home. Thank you very much, and greetings.',
  });
}

/** What is signed besides the body. */
export interface Signing {
  readonly id: string;
  /** Unix time in seconds. */
  readonly time: string;
}

/** The signature of Standard Webhooks. */
export function signatureOf({ id, time }: Signing, body: string | Buffer): string {
  return `v1,${createHmac('sha256', KEY).update(`${id}.${time}.`).update(body).digest('base64')}`;
}

/** Whether a signature is right, found out in constant time. */
export function isSigned(signing: Signing, body: Buffer, signature: string): boolean {
  const [expected, given] = [Buffer.from(signatureOf(signing, body)), Buffer.from(signature)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}
