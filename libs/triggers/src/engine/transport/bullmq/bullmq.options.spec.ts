import type { Redis } from 'ioredis';
import type { Store } from '../../../store/store.service.js';
import type { TransportParts } from '../transport.js';
import { bullMq } from './bullmq.js';
import { BullMqTransport } from './bullmq.transport.js';
import { resolveBullMqOptions } from './bullmq.options.js';
import type { BullMqOptions } from './bullmq.options.js';

const refusal = (options: unknown): unknown => {
  try {
    return resolveBullMqOptions(options as BullMqOptions);
  } catch (error) {
    return error;
  }
};

describe('the options of bullMq()', () => {
  it.each([
    ['a URL', 'redis://me:secret@redis:6379/1'],
    ['a URL with TLS', 'rediss://redis'],
    ['options of ioredis', { host: 'redis', password: 'secret' }],
    ['an instance', { duplicate: jest.fn(), options: {} } as unknown as Redis],
  ])('take %s', (_, connection) => {
    expect(resolveBullMqOptions({ connection })).toEqual({ connection, prefix: 'triggers' });
  });

  it.each([
    ['no connection', {}, /^bullMq\(\), option "connection" is missing/],
    ['nothing at all', undefined, /"connection" is missing/],
    ['a text that is no URL', { connection: 'me:s3cret@redis' }, /"connection" is no URL/],
    ['another kind of URL', { connection: 'http://me:s3cret@redis' }, /"connection" is no URL/],
    ['a cluster', { connection: { isCluster: true, duplicate: jest.fn() } }, /Cluster/],
    ['a keyPrefix', { connection: { keyPrefix: 'x' } }, /not taken/],
    ['a keyPrefix of an instance', { connection: { duplicate: jest.fn(), options: { keyPrefix: 'x' } } }, /not taken/],
    ['a prefix that BullMQ refuses', { connection: {}, prefix: 'a:b' }, /"prefix" may have/],
    ['a prefix that is no text', { connection: {}, prefix: 7 }, /"prefix" may have/],
    ['an empty prefix', { connection: {}, prefix: '' }, /"prefix" may have/],
  ])('refuse %s, and repeat no password', (_, options, message) => {
    const error = refusal(options);
    expect(error).toMatchObject({ code: 'TRG_DEF_INVALID_OPTION', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('s3cret');
  });

  it('make a transport on Postgres, which connects to nothing yet', async () => {
    const parts = { store: { options: { type: 'postgres' } } as Store } as TransportParts;
    await expect(bullMq({ connection: 'redis://redis' }).make(parts)).resolves.toBeInstanceOf(BullMqTransport);
  });

  it('are refused on SQLite, with the reason', async () => {
    const parts = { store: { options: { type: 'sqlite' } } as Store } as TransportParts;
    await expect(bullMq({ connection: 'redis://redis' }).make(parts)).rejects.toMatchObject({
      code: 'TRG_DEF_INVALID_OPTION',
      message: expect.stringContaining('on SQLite one process runs the engine'),
    });
  });
});
