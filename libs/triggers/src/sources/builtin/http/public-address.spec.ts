import { checkLiteral, isPublicAddress, publicLookup } from './public-address.js';
import type { Resolve } from './public-address.js';

it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

it.each([
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.168.1.1',
  '198.18.0.1',
  '203.0.113.9',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fe80::1%lo',
  'fec0::1',
  'ff02::1',
  '2001:db8::1',
  '2001::1',
  '2002:7f00:1::',
  'localhost',
  '',
])('%j is not', (address) => expect(isPublicAddress(address)).toBe(false));

it('refuses an address in place of a name', () => {
  expect(() => checkLiteral('127.0.0.1')).toThrow('privateNetwork: true');
  expect(() => checkLiteral('[::1]')).toThrow('not public');
  expect(() => checkLiteral('example.com')).not.toThrow();
});

describe('the lookup', () => {
  const resolveTo =
    (...addresses: string[]): Resolve =>
    (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  const ask = (resolve: Resolve, all: boolean): Promise<unknown> =>
    new Promise((answer) =>
      publicLookup(resolve)('example.com', { all }, (error, address, family) => answer(error ?? [address, family])),
    );

  it('hands public addresses on, one or all', async () => {
    expect(await ask(resolveTo('8.8.8.8', '1.1.1.1'), false)).toEqual(['8.8.8.8', 4]);
    expect(await ask(resolveTo('8.8.8.8'), true)).toEqual([[{ address: '8.8.8.8', family: 4 }], undefined]);
  });

  it.each([
    ['leads into our network', resolveTo('10.0.0.1')],
    ['leads there too', resolveTo('8.8.8.8', '127.0.0.1')],
    ['leads nowhere', resolveTo()],
  ])('refuses a name that %s', async (_what, resolve) => {
    expect(await ask(resolve, true)).toMatchObject({ code: 'TRG_POLL_SOURCE' });
  });

  it('hands on what resolving says', async () => {
    const error = new Error('ENOTFOUND');
    expect(await ask((_name, _options, callback) => callback(error, []), false)).toBe(error);
  });
});
