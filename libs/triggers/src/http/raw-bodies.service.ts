import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { ADMIN_OPTIONS } from '../admin.options.js';
import type { ResolvedAdminOptions } from '../admin.options.js';
import { readBody } from './body.js';
import { exchangeOf } from './exchange.js';
import type { AdminRequest } from './exchange.js';

interface Express {
  use(
    handler: (request: AdminRequest & IncomingMessage, response: unknown, next: (error?: unknown) => void) => void,
  ): void;
}

interface Fastify {
  addHook(
    name: 'preParsing',
    hook: (request: AdminRequest, reply: unknown, payload: unknown) => Promise<unknown>,
  ): void;
}

/**
 * Reads the bodies of admin requests ahead of the application's parsers, on both platforms alike: those stop at 100 KB
 * on Express, answer before our guard and in another shape, and differ between the two. No other route is touched.
 *
 * It is installed as soon as there is an HTTP adapter, which is before Nest installs its parsers.
 */
@Injectable()
export class BodyInstaller implements OnModuleDestroy {
  readonly #subscription;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {
    // Replayed if the adapter is there already; tests create the application after its providers.
    this.#subscription = host.init$.subscribe(() => this.#install());
  }

  onModuleDestroy(): void {
    this.#subscription.unsubscribe();
  }

  #install(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter.getType() === 'fastify') this.#installOnFastify(httpAdapter.getInstance());
    else if (httpAdapter.getType() === 'express') this.#installOnExpress(httpAdapter.getInstance());
  }

  #installOnExpress(express: Express): void {
    express.use((request, _response, next) => {
      if (!this.#owns(request.url)) return next();
      void this.#take(request, request).then(() => next(), next);
    });
  }

  #installOnFastify(fastify: Fastify): void {
    fastify.addHook('preParsing', async (request, _reply, payload) => {
      if (request.raw !== undefined && this.#owns(request.url)) await this.#take(request, request.raw);
      return payload;
    });
  }

  async #take(request: AdminRequest, raw: IncomingMessage): Promise<void> {
    const body = await readBody(raw);
    if (body.kind === 'refused') exchangeOf(request).bodyProblem = body.problem;
    request.body = body.kind === 'object' ? body.value : {};
    // Without these headers every parser that comes later takes the request for one without a body.
    for (const header of ['content-type', 'content-length', 'transfer-encoding']) delete raw.headers[header];
  }

  /** The global prefix is set after we were made, so it is looked up at each request. */
  #owns(url: string): boolean {
    const prefix = this.config.getGlobalPrefix().replace(/^\/+|\/+$/g, '');
    const path = (url.split('?', 1)[0] ?? '').toLowerCase();
    return [`${prefix}/${this.options.path}`, this.options.path].some((owned) => {
      const base = `/${owned.replace(/^\/+/, '').toLowerCase()}`;
      return path === base || path.startsWith(`${base}/`);
    });
  }
}
