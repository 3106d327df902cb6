import { Catch, Injectable, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { envelopeOf } from '../../../http/envelope.js';
import { writeHeaders } from '../../../http/headers.js';
import { rawOf, requestIdOf } from '../../../http/request.js';
import type { HttpRequest } from '../../../http/request.js';
import { errorMessage } from '../../../model/text.js';
import type { WebhookAnswer } from '../verify/verifier.js';
import { WebhookBodies } from './webhook-bodies.js';
import { WebhookAnswered } from './webhook.gate.js';

/** Writes every answer of the webhooks: ours, refusals, and those of the application's guards, in one form. */
@Catch()
@Injectable()
export class WebhookFilter implements ExceptionFilter {
  readonly #logger = new Logger('Triggers');

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly bodies: WebhookBodies,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const response = http.getResponse<object>();
    const requestId = requestIdOf(request);
    const { status, headers, body } = error instanceof WebhookAnswered ? error.answer : this.#refusal(error, request);
    const { httpAdapter } = this.host;
    if (httpAdapter.isHeadersSent(response)) return void httpAdapter.end(response);
    // What is left of a body that was not read to its end would be taken for the next request.
    const rest: Record<string, string> = rawOf(request).readableEnded ? {} : { Connection: 'close' };
    writeHeaders(httpAdapter, response, { ...headers, ...rest, 'X-Request-Id': requestId });
    httpAdapter.reply(response, body, status);
  }

  #refusal(error: unknown, request: HttpRequest): WebhookAnswer {
    const requestId = requestIdOf(request);
    const { envelope, headers } = envelopeOf(error, requestId);
    if (envelope.statusCode === 500) {
      const stack = error instanceof Error ? error.stack : undefined;
      const what = `${request.method} ${this.bodies.templateOf(request)} [${requestId}]`;
      this.#logger.error(`${what} failed: ${errorMessage(error)}`, stack);
    }
    return {
      status: envelope.statusCode,
      headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
      body: JSON.stringify(envelope),
    };
  }
}
