import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { mergeMap } from 'rxjs';
import { isPlainObject } from '../../model/json.js';
import type { JsonObject } from '../../model/json.js';
import { cleanText } from '../../model/text.js';
import type { AdminRequest } from '../http/exchange.js';
import { AccessAudit } from './access-audit.js';
import { AUDITED_ACTION, AUDITED_FACTS } from './route-access.js';
import type { AuditFacts, AuditFactsOf } from './route-access.js';

/** Audits the routes that carry `@Audited`, after they have done their work and before they are answered. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly audit: AccessAudit,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const action = this.reflector.get<string | undefined>(AUDITED_ACTION, context.getHandler());
    if (action === undefined) return next.handle();
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const factsOf = this.reflector.get<AuditFactsOf | undefined>(AUDITED_FACTS, context.getHandler());
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        const given = isPlainObject(request.body) ? (request.body as JsonObject) : {};
        await this.#done(request, action, factsOf?.(given, answer) ?? usualFacts(request, answer));
        return answer;
      }),
    );
  }

  #done(request: AdminRequest, action: string, facts: AuditFacts): Promise<void> {
    const { reason } = textsOf(request.body);
    return this.audit.done(request, { action, ...facts, reason: reason === undefined ? null : cleanText(reason) });
  }
}

function usualFacts(request: AdminRequest, answer: unknown): AuditFacts {
  const params = textsOf(request.params);
  return { target: params['name'] ?? params['id'] ?? '', details: detailsOf(answer) };
}

/** What an answer says about ids and states; never a payload. */
function detailsOf(answer: unknown): Record<string, unknown> {
  if (!isPlainObject(answer)) return {};
  return Object.fromEntries(
    ['status', 'state', 'firingId', 'executionIds'].filter((key) => key in answer).map((key) => [key, answer[key]]),
  );
}

function textsOf(value: unknown): Partial<Record<string, string>> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
