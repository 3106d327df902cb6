import { Injectable, Scope, SetMetadata, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication, Type } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import request from 'supertest';
import { Seed, openStore } from '../history/history.contract.js';
import { newId } from '../model/ids.js';
import type { Store } from '../store/store.service.js';
import { BASE, Behind, PLATFORMS, TOKEN, startApp } from './admin.contract.js';
import type { AppOptions } from './admin.contract.js';
import type { AdminOptions } from './admin.options.js';
import type { Role } from '../model/identity.js';

@Injectable()
class Accounts {
  readonly roles: Readonly<Record<string, readonly Role[]>> = {
    vera: ['viewer'],
    otto: ['operator'],
    ada: ['admin'],
    nora: [],
  };
}

/** A guard of the application with something of the application injected. */
@Injectable()
class AccountGuard implements CanActivate {
  constructor(private readonly accounts: Accounts) {}

  canActivate(context: ExecutionContext): boolean {
    const user = userOf(context.switchToHttp().getRequest());
    if (user === 'expired') throw new UnauthorizedException('Your login has expired.');
    return user in this.accounts.roles || user === 'ghost';
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedGuard extends AccountGuard {}

function userOf(asked: unknown): string {
  return String((asked as { headers: Record<string, unknown> }).headers['x-user']);
}

const identify: AdminOptions['identify'] = (asked) => {
  const id = userOf(asked);
  return id === 'ghost' ? null : { id, roles: new Accounts().roles[id] ?? [] };
};

describe.each(PLATFORMS)('who gets in on %s', (platform) => {
  let store: Store;
  let behind: Behind;
  let app: INestApplication;
  const environment = { ...process.env };
  const terminal = process.stdout.isTTY;

  beforeAll(async () => {
    store = await openStore('sqlite');
    await new Seed(store).trigger({ cursor: '{"since":3}' });
  });
  afterAll(() => store.close());

  afterEach(async () => {
    await app.close();
    process.env = { ...environment };
    process.stdout.isTTY = terminal;
  });

  const start = async (admin: AdminOptions, more: Partial<AppOptions> = {}): Promise<void> => {
    behind = new Behind();
    app = await startApp({ platform, store, behind, admin, ...more });
  };
  const http = (): ReturnType<typeof request> => request(app.getHttpServer());

  it('is nobody when nobody was given access, whatever they present', async () => {
    delete process.env['TRIGGERS_ADMIN_TOKEN'];
    process.stdout.isTTY = false;
    await start({});
    for (const header of ['Bearer x', 'Bearer undefined', 'Bearer null', '']) {
      const { body } = await http().get(BASE).set('Authorization', header);
      expect(body).toMatchObject({
        statusCode: 401,
        code: 'TRG_API_UNAUTHORIZED',
        message: expect.stringContaining('TRIGGERS_ADMIN_TOKEN'),
      });
    }
    expect(behind.printed).toEqual([]);
  });

  it('is the bearer of the token, as admin, also when it comes from a function', async () => {
    await start({ token: () => Promise.resolve(TOKEN) });
    await http().get(BASE).expect(401);
    await http().get(BASE).set('Authorization', `Bearer ${TOKEN}x`).expect(401);
    await http().get(BASE).set('Authorization', `Basic ${TOKEN}`).expect(401);
    const { body } = await http().get(`${BASE}/session`).set('Authorization', `Bearer ${TOKEN}`);
    expect(body).toEqual({ user: { id: 'token', roles: ['admin'] }, csrfToken: null, expiresAt: null });
  });

  it('is nobody for a minute after ten wrong tokens, not even with the right one', async () => {
    await start({ token: TOKEN });
    for (let failed = 0; failed < 5; failed += 1)
      await http().get(BASE).set('Authorization', 'Bearer wrong').expect(401);
    for (let failed = 0; failed < 5; failed += 1)
      await http().post(`${BASE}/session`).send({ token: 'wrong' }).expect(401);
    const refused = await http().get(BASE).set('Authorization', `Bearer ${TOKEN}`);
    expect(refused.body).toMatchObject({ statusCode: 429, code: 'TRG_API_TOO_MANY_REQUESTS' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50);
    expect(JSON.stringify(refused.body)).not.toContain(TOKEN);
  });

  it('turns the token into a session, whose changes need the CSRF header', async () => {
    await start({ token: TOKEN });
    const login = await http().post(`${BASE}/session`).send({ token: TOKEN }).expect(200);
    const cookie = String(login.headers['set-cookie']);
    expect(cookie).toMatch(
      /^triggers_session=[\w-]{43}; Path=\/admin\/triggers; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    const csrf = String(login.body.csrfToken);
    const session = cookie.split(';')[0] ?? '';

    await http().get(BASE).set('Cookie', session).expect(200);
    const fire = `${BASE}/inbox/fire`;
    expect((await http().post(fire).set('Cookie', session)).body).toMatchObject({
      statusCode: 403,
      code: 'TRG_API_FORBIDDEN',
    });
    await http().post(fire).set('Cookie', session).set('x-csrf-token', `${csrf}x`).expect(403);
    await http()
      .post(fire)
      .set('Cookie', session)
      .set('x-csrf-token', csrf)
      .set('Sec-Fetch-Site', 'cross-site')
      .expect(403);
    await http().post(fire).set('Cookie', session).set('x-csrf-token', csrf).expect(202);
    expect((await http().get(`${BASE}/session`).set('Cookie', session)).body).toMatchObject({ csrfToken: csrf });

    const logout = await http().delete(`${BASE}/session`).set('Cookie', session).set('x-csrf-token', csrf).expect(204);
    expect(String(logout.headers['set-cookie'])).toContain('Max-Age=0');
    await http().get(BASE).set('Cookie', session).expect(401);
    expect(behind.audit.map(({ action }) => action)).toEqual(['session.open', 'trigger.fire', 'session.close']);
  });

  it('gives the cookie the path that the browser sees, below the global prefix', async () => {
    await start({ token: TOKEN }, { prepare: (made) => made.setGlobalPrefix('api') });
    const login = await http().post(`/api${BASE}/session`).send({ token: TOKEN }).expect(200);
    expect(String(login.headers['set-cookie'])).toContain('Path=/api/admin/triggers;');
    await http().post(`/api${BASE}/session`).set('Content-Type', 'application/json').send('{').expect(400);
  });

  it.each([{}, { token: TOKEN, code: 'x' }, { token: 1 }])('refuses the login %j', async (body) => {
    await start({ token: TOKEN });
    await http().post(`${BASE}/session`).send(body).expect(400);
  });

  it('prints at a terminal how to begin a session, which works once', async () => {
    delete process.env['TRIGGERS_ADMIN_TOKEN'];
    process.stdout.isTTY = true;
    await start({});
    const [line = ''] = behind.printed;
    expect(line).toMatch(/http:\/\/localhost:\d+\/admin\/triggers\/session$/);
    const code = /"code":"([\w-]{43})"/.exec(line)?.[1];
    await http().post(`${BASE}/session`).send({ code }).expect(200);
    await http().post(`${BASE}/session`).send({ code }).expect(401);
  });

  describe.each([
    ['a provider', AccountGuard],
    ['request-scoped', RequestScopedGuard],
  ])('with a guard that is %s', (_kind, guard: Type<CanActivate>) => {
    beforeEach(() => start({ guards: [guard], identify }, { providers: [Accounts, guard] }));

    it.each([
      { user: 'vera', method: 'get', path: '', status: 200 },
      { user: 'vera', method: 'get', path: '/audit', status: 403 },
      { user: 'vera', method: 'post', path: '/inbox/fire', status: 403 },
      { user: 'otto', method: 'post', path: '/inbox/fire', status: 202 },
      { user: 'otto', method: 'put', path: '/inbox/cursor', status: 403 },
      { user: 'ada', method: 'put', path: '/inbox/cursor', status: 200 },
      { user: 'nora', method: 'get', path: '', status: 403 },
      { user: 'ghost', method: 'get', path: '', status: 401 },
      { user: 'stranger', method: 'get', path: '', status: 401 },
      { user: 'expired', method: 'get', path: '', status: 401 },
    ] as const)('answers $user $status for $method $path', async ({ user, method, path, status }) => {
      const asked = http();
      const call = asked[method](`${BASE}${path}`).set('X-User', user);
      const { body } = await (method === 'put' ? call.send({ cursor: 1 }) : call).expect(status);
      if (status >= 400) expect(body).toMatchObject({ statusCode: status, requestId: expect.any(String) });
    });

    it('shows viewers no payloads, and writes down what they may not do', async () => {
      const detail = await http().get(`${BASE}/inbox`).set('X-User', 'vera');
      expect(detail.body).toMatchObject({ name: 'inbox', cursor: null, payloadsHidden: true });
      expect((await http().get(`${BASE}/inbox`).set('X-User', 'otto')).body).toMatchObject({ cursor: { since: 3 } });
      await http().post(`${BASE}/inbox/fire`).set('X-User', 'vera').expect(403);
      expect(behind.audit).toMatchObject([
        { actor: 'vera', action: 'access.refused', target: `POST ${BASE}/inbox/fire` },
      ]);
    });

    it('takes no change that another site asks for', async () => {
      await http().post(`${BASE}/inbox/fire`).set('X-User', 'otto').set('Sec-Fetch-Site', 'cross-site').expect(403);
    });

    it('tells nobody about the body before they are let in', async () => {
      await http()
        .post(`${BASE}/inbox/fire`)
        .set('X-User', 'stranger')
        .set('Content-Type', 'application/json')
        .send('{')
        .expect(401);
    });
  });

  it('shows viewers payloads when the application says so', async () => {
    await start({ guards: [AccountGuard], identify, payloads: 'viewer' }, { providers: [Accounts, AccountGuard] });
    expect((await http().get(`${BASE}/inbox`).set('X-User', 'vera')).body).toMatchObject({ cursor: { since: 3 } });
  });

  it('makes a guard that nobody provides, and takes whoever passes for an admin', async () => {
    @Injectable()
    class Simple implements CanActivate {
      canActivate = (context: ExecutionContext): boolean => userOf(context.switchToHttp().getRequest()) === 'me';
    }
    await start({ guards: [Simple], token: TOKEN });
    await http().get(BASE).set('X-User', 'me').expect(200);
    await http().get(BASE).set('X-User', 'you').expect(401);
    // A bearer that is not the token may be the application's: no failure, and the token works beside the guards.
    for (let failed = 0; failed < 12; failed += 1)
      await http().get(BASE).set('X-User', 'me').set('Authorization', 'Bearer jwt').expect(200);
    await http().get(BASE).set('Authorization', `Bearer ${TOKEN}`).expect(200);
  });

  it('applies the decorators of the application, so that its global guards can tell our controllers', async () => {
    @Injectable()
    class OnlyPublic implements CanActivate {
      constructor(private readonly reflector: Reflector) {}
      canActivate(context: ExecutionContext): boolean {
        return this.reflector.get<boolean | undefined>('public', context.getClass()) === true;
      }
    }
    const providers = [{ provide: APP_GUARD, useClass: OnlyPublic }];
    await start(
      { token: TOKEN, decorators: [SetMetadata('public', true)] },
      { providers: [], rootProviders: providers },
    );
    await http().get(BASE).set('Authorization', `Bearer ${TOKEN}`).expect(200);
    await app.close();
    await start({ token: TOKEN }, { providers: [], rootProviders: providers });
    expect((await http().get(BASE).set('Authorization', `Bearer ${TOKEN}`)).body).toMatchObject({
      statusCode: 403,
      code: 'TRG_API_FORBIDDEN',
    });
  });

  it('guards every route: none answers a stranger', async () => {
    await start({ token: TOKEN });
    const id = newId();
    const routes = [
      ['get', ''],
      ['get', '/inbox'],
      ['patch', '/inbox'],
      ['delete', '/inbox'],
      ['post', '/inbox/fire'],
      ['post', '/inbox/poll'],
      ['post', '/inbox/test'],
      ['put', '/inbox/cursor'],
      ['post', '/inbox/resume'],
      ['get', '/inbox/executions'],
      ['get', '/inbox/firings'],
      ['get', '/inbox/ticks'],
      ['get', '/executions'],
      ['get', `/executions/${id}`],
      ['post', `/executions/${id}/cancel`],
      ['post', `/executions/${id}/replay`],
      ['get', '/workflows'],
      ['get', '/workflows/files'],
      ['post', '/workflows/files/run'],
      ['get', '/dead-letters'],
      ['get', `/dead-letters/${id}`],
      ['post', `/dead-letters/${id}/replay`],
      ['post', '/dead-letters/replay'],
      ['delete', `/dead-letters/${id}`],
      ['get', '/nodes'],
      ['get', '/audit'],
      ['get', '/session'],
      ['delete', '/session'],
      ['get', '/no/such/path'],
      ['post', ''],
    ] as const;
    for (const [method, path] of routes) {
      const { status } = await http()[method](`${BASE}${path}`);
      expect({ method, path, status }).toEqual({ method, path, status: 401 });
    }
  });
});
