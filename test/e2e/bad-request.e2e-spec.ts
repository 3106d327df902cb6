import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import { PLATFORMS, boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { Work } from '../support/work.js';

const UNKNOWN_ID = '01890000-0000-7000-8000-000000000000';

@Injectable()
class Sources {
  @Trigger({ workflow: Work, pollInterval: '1h', enabled: false, rateLimit: { limit: 1, per: '1h' } })
  source() {
    return TriggerResult.skip();
  }
}

@Injectable()
class RoleGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (headers['x-role'] === undefined) throw new UnauthorizedException('Who are you?');
    return true;
  }
}

interface Wrong {
  readonly request: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
  /** The names of the wrong fields. */
  readonly fields?: readonly string[];
}

const BAD = { status: 400, code: 'TRG_API_BAD_REQUEST' };
const WRONG: readonly Wrong[] = [
  { request: 'GET ?limit=0', ...BAD, fields: ['limit'] },
  { request: 'GET ?limit=1001', ...BAD, fields: ['limit'] },
  {
    request: 'GET /executions?limit=x&state=done&from=noon&colour=red',
    ...BAD,
    fields: ['colour', 'from', 'limit', 'state'],
  },
  { request: 'GET /executions?after=rubbish', ...BAD },
  { request: 'GET /executions?state=running&state=failed', ...BAD, fields: ['state'] },
  { request: 'GET /source/ticks?outcome=maybe', ...BAD, fields: ['outcome'] },
  { request: 'GET /source/firings?state=gone', ...BAD, fields: ['state'] },
  { request: 'PATCH /source', body: {}, ...BAD, fields: ['enabled'] },
  { request: 'PATCH /source', body: { enabled: 'yes' }, ...BAD, fields: ['enabled'] },
  { request: 'PATCH /source', body: { pollInterval: '5 s' }, ...BAD, fields: ['pollInterval'] },
  { request: 'PATCH /source', body: { pollInterval: '9ms' }, ...BAD, fields: ['pollInterval'] },
  { request: 'PATCH /source', body: { pollInterval: '366d' }, ...BAD, fields: ['pollInterval'] },
  { request: 'PATCH /source', body: { enabled: true, enable: true }, ...BAD, fields: ['enable'] },
  { request: 'PUT /source/cursor', body: {}, ...BAD, fields: ['cursor'] },
  { request: 'PUT /source/cursor', body: { cursor: 'x'.repeat(66_000) }, status: 400, code: 'TRG_POLL_CURSOR' },
  { request: 'POST /source/fire', body: { context: [] }, ...BAD, fields: ['context'] },
  {
    request: 'POST /source/fire',
    body: { context: 'text', dedupKey: '', priority: 0.5 },
    ...BAD,
    fields: ['context', 'dedupKey', 'priority'],
  },
  { request: 'POST /source/fire', body: { contxt: {} }, ...BAD, fields: ['contxt'] },
  { request: 'POST /source/fire', body: '{"context":', ...BAD },
  { request: 'POST /source/fire', body: '[1]', ...BAD },
  { request: 'POST /source/fire', body: 'null', ...BAD },
  {
    request: 'POST /source/fire',
    body: {},
    headers: { 'idempotency-key': 'x'.repeat(256) },
    ...BAD,
    fields: ['Idempotency-Key'],
  },
  {
    request: 'POST /source/fire',
    body: '<a/>',
    headers: { 'content-type': 'text/xml' },
    status: 415,
    code: 'TRG_API_MEDIA_TYPE',
  },
  {
    request: 'POST /source/fire',
    body: '{}',
    headers: { 'content-encoding': 'gzip' },
    status: 415,
    code: 'TRG_API_MEDIA_TYPE',
  },
  {
    request: 'POST /source/fire',
    body: JSON.stringify({ reason: 'x'.repeat(1_200_000) }),
    status: 413,
    code: 'TRG_CONTEXT_TOO_LARGE',
  },
  { request: 'GET /nobody', status: 404, code: 'TRG_API_TRIGGER_NOT_FOUND' },
  { request: 'GET /nobody/executions', status: 404, code: 'TRG_API_TRIGGER_NOT_FOUND' },
  { request: 'POST /nobody/fire', body: {}, status: 404, code: 'TRG_API_TRIGGER_NOT_FOUND' },
  { request: 'POST /workflows/nobody/run', body: {}, status: 404, code: 'TRG_API_WORKFLOW_NOT_FOUND' },
  { request: `GET /executions/${UNKNOWN_ID}`, status: 404, code: 'TRG_API_EXECUTION_NOT_FOUND' },
  { request: `POST /executions/${UNKNOWN_ID}/retry`, status: 404, code: 'TRG_API_EXECUTION_NOT_FOUND' },
  { request: 'GET /executions/not-an-id', status: 404, code: 'TRG_API_EXECUTION_NOT_FOUND' },
  { request: 'GET /source/nothing/here', status: 404, code: 'TRG_API_NOT_FOUND' },
  { request: 'DELETE /source', status: 409, code: 'TRG_API_CONFLICT' },
];

describe.each(PLATFORMS)('a request that is wrong, on %s', (platform) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await boot({ database: 'sqlite', platform, providers: [Work, Sources] });
  });
  afterAll(cleanUp);

  const expectEnvelope = ({ status, body, headers }: Answer, expected: Pick<Wrong, 'status' | 'code'>): void => {
    expect(body).toMatchObject({
      statusCode: expected.status,
      code: expected.code,
      message: expect.stringMatching(/\w+/),
      requestId: expect.stringMatching(/^[\w.:-]+$/),
    });
    expect(status).toBe(expected.status);
    expect(headers.get('x-request-id')).toBe(body.requestId);
  };

  // Cloacina case 117
  it.each(WRONG)('is told what is wrong: $request $body', async ({ request, body, headers, fields, ...expected }) => {
    const [method = '', path = ''] = request.split(' ');
    const answer = await app.call(method, path, body, headers);
    expectEnvelope(answer, expected);
    if (fields === undefined) return;
    const named = (answer.body.details?.fields ?? []) as { field: string; problems: string[] }[];
    expect(named.map(({ field }) => field).sort()).toEqual(fields);
    for (const { field, problems } of named) {
      expect(problems.length).toBeGreaterThan(0);
      expect(answer.body.message).toContain(field);
    }
  });

  // Cloacina case 77
  it('changes nothing', async () => {
    expect((await app.get('/executions')).items).toEqual([]);
    expect(await app.get('/source')).toMatchObject({
      enabled: false,
      overrides: { enabled: null, pollInterval: null },
      cursor: null,
    });
  });

  it('knows of the state: what has ended cannot be cancelled, what has completed not be retried', async () => {
    const { executionId } = await app.runner.execute('work', {});
    for (const action of ['cancel', 'pause', 'resume', 'retry']) {
      const answer = await app.call('POST', `/executions/${executionId}/${action}`);
      expectEnvelope(answer, { status: 409, code: 'TRG_API_CONFLICT' });
      expect(answer.body.message).toContain('completed');
    }
  });

  it('is told when to come back beyond the rate limit', async () => {
    expect((await app.call('POST', '/source/fire', { context: { n: 1 } })).status).toBe(202);
    const answer = await app.call('POST', '/source/fire', { context: { n: 2 } });
    expectEnvelope(answer, { status: 429, code: 'TRG_API_TOO_MANY_REQUESTS' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_000);
  });

  // Cloacina case 117
  it('is not let in without credentials, nor beyond its role', async () => {
    const answer = await app.call('GET', '', undefined, { authorization: 'Bearer wrong' });
    expectEnvelope(answer, { status: 401, code: 'TRG_API_UNAUTHORIZED' });
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');

    const admin = {
      guards: [RoleGuard],
      identify: (request: unknown) => ({
        id: 'somebody',
        roles: [(request as { headers: { 'x-role': 'viewer' } }).headers['x-role']],
      }),
    };
    const guarded = await boot({ database: 'sqlite', platform, providers: [Work, Sources, RoleGuard], admin });
    const asked = (method: string, path: string, role?: string): Promise<Answer> =>
      guarded.call(method, path, method === 'GET' ? undefined : {}, {
        authorization: '',
        ...(role && { 'x-role': role }),
      });
    expectEnvelope(await asked('GET', ''), { status: 401, code: 'TRG_API_UNAUTHORIZED' });
    expect((await asked('GET', '', 'viewer')).status).toBe(200);
    expectEnvelope(await asked('POST', '/source/fire', 'viewer'), { status: 403, code: 'TRG_API_FORBIDDEN' });
    expect((await asked('POST', '/source/fire', 'operator')).status).toBe(202);
    expectEnvelope(await asked('PUT', '/source/cursor', 'operator'), { status: 403, code: 'TRG_API_FORBIDDEN' });
    // Who may not do it does not learn what is wrong with the body either.
    expectEnvelope(await guarded.call('POST', '/source/fire', '{', { authorization: '', 'x-role': 'viewer' }), {
      status: 403,
      code: 'TRG_API_FORBIDDEN',
    });
  });
});
