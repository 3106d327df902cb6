import {
  Body,
  Catch,
  Controller,
  ForbiddenException,
  Injectable,
  Post,
  Req,
  Scope,
  ServiceUnavailableException,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
  PipeTransform,
  RawBodyRequest,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { map, of } from 'rxjs';
import { TriggerResult, WebhookTrigger, hmac } from 'nestjs-triggers';
import type { WebhookEvent } from 'nestjs-triggers';
import { PLATFORMS, boot, cleanUp, logged } from '../support/app.js';
import type { AppOptions, TestApp } from '../support/app.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';
import { Work } from '../support/work.js';

const verify = hmac({ header: SIGNATURE, secret: SECRET });
const Public = (): ClassDecorator & MethodDecorator => SetMetadata('public', true);

/** Who has run, in their order. */
const seen: string[] = [];

@Injectable()
class LoginGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    seen.push(`login of ${context.getType()}`);
    return this.reflector.getAllAndOverride<boolean>('public', [context.getHandler(), context.getClass()]);
  }
}

/** Answers without asking the handler, as a cache or a maintenance mode does. */
class Impatient implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    seen.push('interceptor of the application');
    return seen.includes('impatient') ? of({ cached: true }) : next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

class Picky implements PipeTransform {
  transform(): never {
    seen.push('pipe of the application');
    throw new ForbiddenException('nothing is good enough');
  }
}

@Catch()
class Swallowing implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    seen.push('filter of the application');
    host.switchToHttp().getResponse<{ status(code: number): { send(body: string): void } }>().status(299).send('fine');
  }
}

@Injectable()
class Tenants {
  readonly blocked = 'evil';
}

@Injectable()
class TenantGuard implements CanActivate {
  constructor(private readonly tenants: Tenants) {}

  canActivate(context: ExecutionContext): boolean {
    seen.push(`tenant guard of ${context.getType()}`);
    const event = context.switchToHttp().getRequest<WebhookEvent<{ tenant: string }>>();
    return event.payload.tenant !== this.tenants.blocked;
  }
}

class Doubling implements PipeTransform<WebhookEvent<{ n: number }>> {
  transform(event: WebhookEvent<{ n: number }>) {
    seen.push('pipe of the method');
    return { ...event, payload: { ...event.payload, n: event.payload.n * 2 } };
  }
}

class Marking implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    seen.push('interceptor of the method');
    return next.handle().pipe(map((context: object) => ({ ...context, marked: true })));
  }
}

@Catch(RangeError)
class AsSkip implements ExceptionFilter {
  catch(error: RangeError) {
    return TriggerResult.skip(`caught: ${error.message}`);
  }
}

@Injectable()
class Guarded {
  @WebhookTrigger({ workflow: 'work', path: 'guarded', verify })
  @UseGuards(TenantGuard)
  @UsePipes(Doubling)
  @UseInterceptors(Marking)
  @UseFilters(AsSkip)
  guarded({ payload }: WebhookEvent<{ tenant: string; n: number; mood?: string }>) {
    seen.push('method');
    if (payload.mood === 'range') throw new RangeError('too much');
    if (payload.mood === 'busy') throw new ServiceUnavailableException('later');
    return { n: payload.n };
  }
}

/** A mapping on a controller of the application, made anew for each delivery, with a guard on its class. */
@Controller({ path: 'shop', scope: Scope.REQUEST })
@UseGuards(TenantGuard)
class Shop {
  constructor(private readonly tenants: Tenants) {}

  @WebhookTrigger({ workflow: 'work', path: 'shop', verify })
  sold(_event: WebhookEvent<{ tenant: string }>) {
    return { blocked: this.tenants.blocked };
  }
}

@Controller('echo')
class Echo {
  @Post()
  @Public()
  echo(@Req() request: RawBodyRequest<object>, @Body() body: unknown) {
    return { body, raw: request.rawBody?.toString() ?? null };
  }
}

/** A route of the application below the prefix of the webhooks. */
@Controller('webhooks')
class Legacy {
  @Post('legacy')
  legacy(@Body() body: unknown) {
    return { body };
  }
}

@Injectable()
class Denying implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    seen.push(`guard given by decorators, of ${context.getType()}`);
    return !context.switchToHttp().getRequest<{ url: string }>().url.includes('denied');
  }
}

interface OwnParsers {
  useBodyParser(...parser: readonly unknown[]): void;
}

const OWN_PARSER = {
  express: ['json', { limit: '5mb' }],
  fastify: ['application/json', { bodyLimit: 5_000_000 }],
} as const;

const providers = [Work, Guarded, Tenants];
const body = { tenant: 'good', n: 1 };

describe.each(PLATFORMS)('a webhook beside what an application has for all its routes, on %s', (platform) => {
  afterEach(async () => {
    await cleanUp();
    seen.length = 0;
  });

  const start = (more: Partial<AppOptions>): Promise<TestApp> =>
    boot({ database: 'sqlite', platform, providers, controllers: [Shop, Echo], ...more });
  const contextOf = async (app: TestApp, id: string) => (await app.get(`/executions/${id}`)).context;

  // Review 48
  it('is answered by us alone, behind guards that let it pass', async () => {
    const app = await start({
      providers: [
        ...providers,
        { provide: APP_GUARD, useClass: LoginGuard },
        { provide: APP_PIPE, useClass: Picky },
        { provide: APP_INTERCEPTOR, useClass: Impatient },
        { provide: APP_FILTER, useClass: Swallowing },
      ],
      webhooks: { prefix: '/in/', decorators: [Public()] },
      prepare: (nest) => {
        nest.setGlobalPrefix('api');
        nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    seen.push('impatient');
    const answer = await deliver(app, '/api/in/guarded', body);
    expect(answer).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect(await deliver(app, '/api/in/guarded', '{')).toMatchObject({
      status: 400,
      body: { code: 'TRG_WEBHOOK_PAYLOAD' },
    });
    expect((await deliver(app, '/api/in/nobody', body)).status).toBe(404);
    expect(seen.filter((who) => who.includes('of the application'))).toEqual([]);
    expect(seen.slice(0, 6)).toEqual([
      'impatient',
      'login of http',
      'tenant guard of webhook',
      'interceptor of the method',
      'pipe of the method',
      'method',
    ]);
    expect(logged.join('\n')).not.toContain('global guard');
  });

  it('is stopped by a global guard that does not know it, and the start says so', async () => {
    const app = await start({ providers: [...providers, { provide: APP_GUARD, useClass: LoginGuard }] });
    expect(await deliver(app, 'guarded', body)).toMatchObject({ status: 403, body: { code: 'TRG_API_FORBIDDEN' } });
    expect(logged.join('\n')).toContain('webhooks: { decorators: [Public()] }');
  });

  it('is seen by a global guard that was given late', async () => {
    const app = await start({ prepare: (nest) => nest.useGlobalGuards({ canActivate: () => false }) });
    expect((await deliver(app, 'guarded', body)).status).toBe(403);
    expect(logged.join('\n')).toContain('This application has a global guard');
  });

  it('runs what stands on its method after the signature was verified', async () => {
    const app = await start({});
    expect((await deliver(app, 'guarded', body, { [SIGNATURE]: 'ab' })).status).toBe(401);
    expect(seen).toEqual([]);
    const accepted = await deliver(app, 'guarded', body);
    expect(await contextOf(app, accepted.body.executionIds[0])).toEqual({ n: 2, marked: true });
    const skipped = await deliver(app, 'guarded', { ...body, mood: 'range' });
    expect(skipped.body).toMatchObject({ status: 'skipped', reason: 'caught: too much' });
  });

  it('is refused by a guard of its method, and kept', async () => {
    const app = await start({});
    const evil = { tenant: 'evil', n: 1 };
    for (const path of ['guarded', 'shop']) {
      expect(await deliver(app, path, evil)).toMatchObject({ status: 403, body: { code: 'TRG_API_FORBIDDEN' } });
    }
    expect((await app.get('/guarded/firings')).items).toMatchObject([{ state: 'rejected' }]);
    expect((await app.get('/sold/firings')).items).toMatchObject([{ state: 'rejected' }]);
    const good = await deliver(app, 'shop', body);
    expect(await contextOf(app, good.body.executionIds[0])).toEqual({ blocked: 'evil' });
  });

  it('is sent again when its method cannot answer just now, and nothing is kept of the first time', async () => {
    const app = await start({});
    const answer = await deliver(app, 'guarded', { ...body, mood: 'busy' });
    expect(answer).toMatchObject({ status: 503, body: { code: 'TRG_WEBHOOK_UNAVAILABLE' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await app.get('/guarded/firings')).items).toEqual([]);
  });

  it.each([false, true])('leaves the bodies of other routes as they are, with rawBody: %s', async (rawBody) => {
    const app = await start({
      rawBody,
      prepare: (nest) => (nest as unknown as OwnParsers).useBodyParser(...OWN_PARSER[platform]),
    });
    expect((await deliver(app, 'guarded', { ...body, fill: 'x'.repeat(300_000) })).status).toBe(200);
    const echoed = await deliver(app, '/echo', { hello: 1 });
    expect(echoed.body).toEqual({ body: { hello: 1 }, raw: rawBody ? '{"hello":1}' : null });
  });

  it('leaves a route of the application below its prefix its body, and answers for the paths that nobody has', async () => {
    const app = await start({ controllers: [Shop, Legacy] });
    expect((await deliver(app, 'legacy', { pay: 1 })).body).toEqual({ body: { pay: 1 } });
    expect(await deliver(app, 'legacy/nobody', { pay: 1 })).toMatchObject({
      status: 404,
      body: { code: 'TRG_WEBHOOK_NOT_FOUND' },
    });
  });

  it('is asked by guards that the decorators give, before anything else', async () => {
    const app = await start({ webhooks: { decorators: [UseGuards(Denying)] } });
    expect(await deliver(app, 'guarded?denied', body)).toMatchObject({
      status: 403,
      body: { code: 'TRG_API_FORBIDDEN' },
    });
    expect(seen.splice(0)).toEqual(['guard given by decorators, of http']);
    expect((await deliver(app, 'guarded', body)).status).toBe(200);
    expect(seen.slice(0, 2)).toEqual(['guard given by decorators, of http', 'tenant guard of webhook']);
  });

  it('does not fit the ValidationPipe of the application, and need not', async () => {
    const app = await start({
      prepare: (nest) => nest.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true })),
    });
    expect((await deliver(app, 'shop', body)).body.status).toBe('accepted');
  });

  it('is not there where webhooks are off, and the start says so', async () => {
    const app = await start({ webhooks: false });
    expect((await deliver(app, 'guarded', body)).status).toBe(404);
    expect(logged.join('\n')).toContain('Nobody hears the webhook triggers of this application: webhooks is false.');
  });
});
