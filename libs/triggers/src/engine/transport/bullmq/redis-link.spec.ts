import { hushedLogger } from '../../hushed-logger.contract.js';
import { FakePackages } from './packages.contract.js';
import type { FakeRedis } from './packages.contract.js';
import { RedisLink } from './redis-link.js';

describe('RedisLink', () => {
  let fakes: FakePackages;
  let link: RedisLink;
  const { warn, log } = hushedLogger('warn', 'log');

  const connection = (at = 0): FakeRedis => fakes.connections[at] as FakeRedis;
  const said = (): number[] => [warn.mock.calls.length, log.mock.calls.length];

  beforeEach(() => {
    fakes = new FakePackages();
    link = new RedisLink(fakes.packages.Redis, { host: 'redis', password: 's3cret' });
  });

  it('has one connection for telling, however often it is opened, which fails at once what Redis cannot take now', () => {
    link.open();
    link.open();
    expect(fakes.connections.map(({ options }) => options)).toEqual([
      expect.objectContaining({
        host: 'redis',
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        commandTimeout: 2_000,
      }),
    ]);
  });

  it('has another one for hearing, which waits for Redis as long as it takes', () => {
    link.hear();
    const waits = { host: 'redis', enableOfflineQueue: true, maxRetriesPerRequest: null };
    expect([fakes.connections.length, link.hearing, connection(1).options]).toEqual([
      2,
      connection(1),
      expect.objectContaining(waits),
    ]);
    expect(connection(1).options).not.toHaveProperty('commandTimeout');
  });

  it('is away until it is connected, and while its connection is gone', () => {
    expect([link.isAway, link.telling]).toEqual([true, undefined]);
    link.open();
    expect([link.isAway, link.telling]).toEqual([true, undefined]);
    connection().stands();
    expect([link.isAway, link.telling]).toEqual([false, connection()]);
    connection().breaks();
    expect([link.isAway, link.telling]).toEqual([true, undefined]);
    connection().stands();
    expect(link.isAway).toBe(false);
  });

  it('is away while Redis refuses messages although the connection stands', () => {
    link.open();
    connection().stands();
    link.failed(new Error('OOM'));
    expect([link.isAway, link.telling]).toEqual([true, connection()]);
    link.worked();
    expect(link.isAway).toBe(false);
    link.failed(new Error('OOM'));
    connection().breaks();
    connection().stands();
    expect(link.isAway).toBe(false);
  });

  it('says nothing when it connects, once that it is away and why, once that it is back, and then again', () => {
    link.open();
    connection().stands();
    expect(said()).toEqual([0, 0]);
    connection().emit('error', new Error('refused'));
    connection().breaks();
    link.failed(new Error('OOM'));
    expect(said()).toEqual([1, 0]);
    connection().stands();
    expect(said()).toEqual([1, 1]);
    link.worked();
    expect(said()).toEqual([1, 1]);
    connection().breaks();
    expect(said()).toEqual([2, 1]);
    const texts = warn.mock.calls.map(([text]) => String(text));
    expect(texts[0]).toContain('refused');
    expect(texts.join()).not.toContain('s3cret');
  });

  it('lets the other connection tell that Redis is away', () => {
    link.hear();
    connection(1).emit('error', new Error('refused'));
    expect(said()).toEqual([0, 0]);
  });

  it('ends each connection by itself, and says nothing about it', () => {
    link.hear();
    for (const each of fakes.connections) each.stands();
    link.endHearing();
    expect([connection(0).ended, connection(1).ended, link.isAway]).toEqual([false, true, false]);
    link.endTelling();
    expect([connection(0).ended, link.isAway, link.telling]).toEqual([true, true, undefined]);
    link.failed(new Error('too late'));
    expect(said()).toEqual([0, 0]);
  });

  it('ends what it never began, and begins anew after its end', () => {
    link.endHearing();
    link.endTelling();
    link.hear();
    link.endHearing();
    link.endHearing();
    link.endTelling();
    link.open();
    expect(fakes.connections.map(({ ended }) => ended)).toEqual([true, true, false]);
  });
});
