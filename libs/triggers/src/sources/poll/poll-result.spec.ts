import type { PreparedFiring } from '../../intake/poll-intake.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { checkBytes, checkResult } from './poll-result.js';

const LABEL = 'Inbox.poll';

describe('checkResult', () => {
  it.each([
    [
      undefined,
      'Inbox.poll returned nothing, which is no TriggerResult. Return TriggerResult.fire(…), .fireMany([…]) or .skip(…).',
    ],
    [true, 'Inbox.poll returned a boolean, which'],
    [null, 'Inbox.poll returned null, which'],
    [{ fire: true }, 'Inbox.poll returned an instance of Object, which'],
    [TriggerResult.fireMany([{}, null as never]), 'Inbox.poll, item 1 of fireMany returned null, which'],
    [TriggerResult.fireMany('files' as never), 'Inbox.poll returned an instance of TriggerResult'],
  ])('refuses %j and says so', (returned, message) => {
    expect(() => checkResult(returned, LABEL)).toThrow(
      expect.objectContaining({ code: 'TRG_POLL_RESULT', message: expect.stringContaining(message) }),
    );
  });

  it('takes 1,000 items and refuses one more', () => {
    const items = Array.from({ length: 1_000 }, () => ({}));
    expect(checkResult(TriggerResult.fireMany(items), LABEL).items).toHaveLength(1_000);
    expect(() => checkResult(TriggerResult.fireMany([...items, {}]), LABEL)).toThrow(
      'Inbox.poll returned 1001 items; at most 1000 are taken from one poll. Return fewer, with a cursor and "more: true".',
    );
  });
});

describe('checkBytes', () => {
  const firing = (context: string | null): PreparedFiring => ({ context }) as PreparedFiring;

  it('takes 8 MiB of contexts and refuses one byte more', () => {
    const mebibyte = firing('x'.repeat(1_048_576));
    expect(() => checkBytes([...Array<PreparedFiring>(8).fill(mebibyte), firing(null)], LABEL)).not.toThrow();
    expect(() => checkBytes([...Array<PreparedFiring>(8).fill(mebibyte), firing('x')], LABEL)).toThrow(
      '8388609 bytes of contexts',
    );
  });
});
