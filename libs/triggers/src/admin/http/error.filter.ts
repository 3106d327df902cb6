import { Catch, HttpException, Injectable, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { envelopeOf } from '../../http/envelope.js';
import { writeHeaders } from '../../http/headers.js';
import { pathOf } from '../../http/request.js';
import { exchangeOf } from './exchange.js';
import type { AdminRequest } from './exchange.js';

/** Answers every error of the admin API with one envelope. What is our fault is logged with its request id, not shown. */
@Catch()
@Injectable()
export class AdminErrorFilter implements ExceptionFilter {
  readonly #logger = new Logger('Triggers');

  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<AdminRequest>();
    const response = http.getResponse<object>();
    const { requestId } = exchangeOf(request);
    const { envelope, headers } = envelopeOf(error, requestId);
    if (envelope.statusCode >= 500) this.#log(error, `${request.method} ${pathOf(request)} [${requestId}]`);
    const { httpAdapter } = this.host;
    if (httpAdapter.isHeadersSent(response)) return void httpAdapter.end(response);
    writeHeaders(httpAdapter, response, { ...headers, 'X-Request-Id': requestId });
    httpAdapter.reply(response, envelope, envelope.statusCode);
  }

  #log(error: unknown, what: string): void {
    const cause = error instanceof HttpException ? (error.cause ?? error) : error;
    this.#logger.error(
      `${what} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause instanceof Error ? cause.stack : undefined,
    );
  }
}
