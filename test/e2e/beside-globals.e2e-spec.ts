import { Controller, Get, Injectable, SetMetadata, ValidationPipe, VersioningType } from '@nestjs/common';
import type { CallHandler, CanActivate, ExecutionContext, INestApplication, NestInterceptor } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { map } from 'rxjs';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import { PLATFORMS, TOKEN, boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { Work } from '../support/work.js';

const Public = (): ClassDecorator & MethodDecorator => SetMetadata('public', true);

/** What every tutorial builds: nobody passes without the header, unless the handler is public. */
@Injectable()
class LoginGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const isPublic = this.reflector.getAllAndOverride<boolean>('public', [context.getHandler(), context.getClass()]);
    return isPublic || context.switchToHttp().getRequest<{ headers: object }>().headers['x-login' as never] === 'yes';
  }
}

const Plain = (): ClassDecorator & MethodDecorator => SetMetadata('plain', true);

/** Wraps every answer, but where a controller asks for plain ones. */
class Wrapping implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    if (new Reflector().get('plain', context.getClass()) === true) return next.handle();
    return next.handle().pipe(map((data: unknown) => ({ wrapped: data })));
  }
}

@Injectable()
class Source {
  @Trigger({ workflow: Work, pollInterval: '1h', enabled: false })
  source() {
    return TriggerResult.skip();
  }
}

@Controller({ path: 'hello', version: '1' })
class Hello {
  @Get()
  hello() {
    return { hello: true };
  }
}

const globals = (app: INestApplication): void => {
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  app.useGlobalInterceptors(new Wrapping());
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
};
const PREFIX = '//api/admin/triggers';

describe.each(PLATFORMS)(
  'an application with a global guard, pipe, interceptor, prefix and versions, on %s',
  (platform) => {
    let app: TestApp;
    beforeEach(async () => {
      app = await boot({
        database: 'sqlite',
        platform,
        providers: [Work, Source, { provide: APP_GUARD, useClass: LoginGuard }],
        controllers: [Hello],
        admin: { token: TOKEN, decorators: [Public(), Plain()] },
        prepare: globals,
      });
    });
    afterEach(cleanUp);

    // Review 48
    it('has an admin API that works behind its own access rules', async () => {
      expect(await app.call('GET', PREFIX)).toMatchObject({ status: 200, body: { items: [{ name: 'source' }] } });
      const anonymous = await app.call('GET', PREFIX, undefined, { authorization: '' });
      expect(anonymous).toMatchObject({ status: 401, body: { code: 'TRG_API_UNAUTHORIZED' } });
      expect(
        (await app.call('POST', `${PREFIX}/source/fire`, { context: { a: 1 } }, { authorization: '' })).status,
      ).toBe(401);

      const fired = await app.call('POST', `${PREFIX}/source/fire`, { context: { a: 1, deep: { b: [1, null, 'x'] } } });
      expect(fired).toMatchObject({ status: 202, body: { status: 'accepted' } });
      const listed = await app.call('GET', `${PREFIX}/executions?limit=10`);
      expect(listed.body.items).toMatchObject([{ context: { a: 1, deep: { b: [1, null, 'x'] } } }]);
      expect((await app.call('PATCH', `${PREFIX}/source`, { enabled: true, reason: 'now' })).body).toMatchObject({
        enabled: true,
      });
      const wrong = await app.call('GET', `${PREFIX}/executions?limit=many`);
      expect(wrong).toMatchObject({
        status: 400,
        body: { code: 'TRG_API_BAD_REQUEST', details: { fields: [{ field: 'limit' }] } },
      });
      expect((await app.call('GET', `${PREFIX}/nobody`)).body).toMatchObject({ code: 'TRG_API_TRIGGER_NOT_FOUND' });
    });

    it('keeps its own routes as they were', async () => {
      expect((await app.call('GET', '//api/v1/hello')).status).toBe(403);
      const greeted = await app.call('GET', '//api/v1/hello', undefined, { 'x-login': 'yes' });
      expect(greeted).toMatchObject({ status: 200, body: { wrapped: { hello: true } } });
      expect((await app.call('GET', '//hello', undefined, { 'x-login': 'yes' })).status).toBe(404);
    });
  },
);

describe.each(PLATFORMS)('without admin.decorators, on %s', (platform) => {
  afterEach(cleanUp);

  it("the global guard goes before our access rules, and a refusal is told in the API's words", async () => {
    const app = await boot({
      database: 'sqlite',
      platform,
      providers: [Work, Source, { provide: APP_GUARD, useClass: LoginGuard }],
    });
    expect(await app.call('GET', '')).toMatchObject({
      status: 403,
      body: { code: 'TRG_API_FORBIDDEN', requestId: expect.any(String) },
    });
    expect((await app.call('GET', '', undefined, { 'x-login': 'yes' })).status).toBe(200);
    expect((await app.call('GET', '', undefined, { 'x-login': 'yes', authorization: '' })).status).toBe(401);
  });

  it('a global interceptor reaches the admin API as it reaches any controller', async () => {
    const app = await boot({
      database: 'sqlite',
      platform,
      providers: [Work, Source],
      prepare: (made) => made.useGlobalInterceptors(new Wrapping()),
    });
    const { status, body } = await app.call('GET', '');
    expect({ status, body }).toMatchObject({ status: 200, body: { wrapped: { items: [{ name: 'source' }] } } });
    expect((await app.call('GET', '/nobody')).body).toMatchObject({
      statusCode: 404,
      code: 'TRG_API_TRIGGER_NOT_FOUND',
    });
  });
});
