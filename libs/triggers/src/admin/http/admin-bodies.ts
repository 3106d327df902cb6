import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { RawBodies } from '../../http/raw-bodies.service.js';
import type { BodyOwner } from '../../http/raw-bodies.service.js';
import { pathBelow } from '../../http/request.js';
import type { HttpRequest } from '../../http/request.js';
import { Clock } from '../../model/clock.js';
import { ADMIN_OPTIONS } from '../admin.options.js';
import type { ResolvedAdminOptions } from '../admin.options.js';
import { readBody } from './body.js';
import { exchangeOf } from './exchange.js';

/** Reads the bodies of admin requests: JSON objects, whatever the application's parsers take. */
@Injectable()
export class AdminBodies implements BodyOwner {
  constructor(
    bodies: RawBodies,
    private readonly config: ApplicationConfig,
    private readonly clock: Clock,
    @Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions,
  ) {
    bodies.register(this);
  }

  /** The global prefix is set after we were made, so it is looked up at each request. */
  take(request: HttpRequest, raw: IncomingMessage): Promise<void> | undefined {
    const isOurs = pathBelow(request, this.config.getGlobalPrefix(), this.options.path) !== null;
    return isOurs ? this.#read(request, raw) : undefined;
  }

  async #read(request: HttpRequest, raw: IncomingMessage): Promise<void> {
    const body = await readBody(raw, this.clock);
    if (body.kind === 'refused') exchangeOf(request).bodyProblem = body.problem;
    request.body = body.kind === 'object' ? body.value : {};
  }
}
