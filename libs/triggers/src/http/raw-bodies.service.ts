import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { rawOf } from './request.js';
import type { HttpRequest } from './request.js';

/** Somebody who reads the bodies of its requests itself. */
export interface BodyOwner {
  /**
   * Reads the body, and may put one in its place; the request goes on when this settles, which it does without an error.
   * `undefined` for a request that is not its own. Asked for every request of the application.
   */
  take(request: HttpRequest, raw: IncomingMessage, response: ServerResponse): Promise<void> | undefined;
}

interface Express {
  use(
    handler: (
      request: HttpRequest & IncomingMessage,
      response: ServerResponse,
      next: (error?: unknown) => void,
    ) => void,
  ): void;
}

interface Fastify {
  addHook(
    name: 'preParsing',
    hook: (request: HttpRequest, reply: { readonly raw: ServerResponse }, payload: unknown) => Promise<unknown>,
  ): void;
}

/** Without these headers every parser that comes later takes the request for one without a body. */
const BODY_HEADERS = ['content-type', 'content-length', 'transfer-encoding', 'content-encoding'] as const;

/**
 * Lets owners read their bodies ahead of the application's parsers, on both platforms alike: those stop at 100 KB on
 * Express, answer before our guards and in another shape, keep no bytes, and differ between the two. No other route is
 * touched.
 *
 * It is installed as soon as there is an HTTP adapter, which is before Nest installs its parsers.
 */
@Injectable()
export class RawBodies implements OnModuleDestroy {
  readonly #owners: BodyOwner[] = [];
  readonly #subscription;

  constructor(private readonly host: HttpAdapterHost) {
    // Replayed if the adapter is there already; tests create the application after its providers.
    this.#subscription = host.init$.subscribe(() => this.#install());
  }

  /** From now on these requests are read by their owner. */
  register(owner: BodyOwner): void {
    this.#owners.push(owner);
  }

  onModuleDestroy(): void {
    this.#subscription.unsubscribe();
  }

  #install(): void {
    const httpAdapter = this.host.httpAdapter as typeof this.host.httpAdapter | null;
    // An application without HTTP has none.
    if (httpAdapter === null) return;
    if (httpAdapter.getType() === 'fastify') this.#installOnFastify(httpAdapter.getInstance());
    else if (httpAdapter.getType() === 'express') this.#installOnExpress(httpAdapter.getInstance());
  }

  #installOnExpress(express: Express): void {
    express.use((request, response, next) => {
      const taken = this.#take(request, response);
      if (taken === undefined) return next();
      void taken.then(() => next(), next);
    });
  }

  #installOnFastify(fastify: Fastify): void {
    fastify.addHook('preParsing', async (request, reply, payload) => {
      await this.#take(request, reply.raw);
      return payload;
    });
  }

  #take(request: HttpRequest, response: ServerResponse): Promise<void> | undefined {
    const raw = rawOf(request);
    for (const owner of this.#owners) {
      const taken = owner.take(request, raw, response);
      if (taken !== undefined) return taken.then(() => withoutBody(raw));
    }
    return undefined;
  }
}

function withoutBody({ headers }: IncomingMessage): void {
  for (const header of BODY_HEADERS) delete headers[header];
}
