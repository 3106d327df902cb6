import { ForbiddenException, HttpException, InternalServerErrorException, NotFoundException } from '@nestjs/common';
import { TriggersError } from '../model/errors.js';
import { envelopeOf } from './envelope.js';

describe('the envelope of errors', () => {
  it.each([
    {
      name: 'ours, by its code',
      error: new TriggersError('TRG_CONTEXT_SCHEMA', 'no', { details: { fields: [] } }),
      expected: { statusCode: 422, code: 'TRG_CONTEXT_SCHEMA', message: 'no', details: { fields: [] } },
    },
    {
      name: "a guard's",
      error: new ForbiddenException('not you'),
      expected: { statusCode: 403, code: 'TRG_API_FORBIDDEN', message: 'not you' },
    },
    {
      name: "Nest's",
      error: new NotFoundException('nothing'),
      expected: { statusCode: 404, code: 'TRG_API_NOT_FOUND', message: 'nothing' },
    },
    {
      name: 'an unusual status',
      error: new HttpException('teapot', 418),
      expected: { statusCode: 418, code: 'TRG_API_BAD_REQUEST', message: 'teapot' },
    },
  ])('carries $name', ({ error, expected }) => {
    expect(envelopeOf(error, 'r').envelope).toEqual({ ...expected, requestId: 'r' });
  });

  it.each([
    new Error('password=1'),
    'password=1',
    undefined,
    new InternalServerErrorException('password=1'),
    new TriggersError('TRG_BUG_INVALID_STATE', 'password=1'),
  ])('says nothing of %p', (error) => {
    const { envelope } = envelopeOf(error, 'r');
    expect(envelope.statusCode).toBe(500);
    expect(JSON.stringify(envelope)).not.toContain('password');
  });

  it('says when to come back, and how to log in', () => {
    expect(
      envelopeOf(new TriggersError('TRG_API_TOO_MANY_REQUESTS', 'slow', { details: { retryAfterMs: 1 } }), 'r').headers,
    ).toEqual({ 'Retry-After': '1' });
    expect(envelopeOf(new TriggersError('TRG_API_UNAUTHORIZED', 'who'), 'r').headers).toHaveProperty(
      'WWW-Authenticate',
    );
  });
});
