import { Inject, Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { map } from 'rxjs';
import { isPlainObject } from '../../model/json.js';
import { ADMIN_OPTIONS } from '../admin.options.js';
import type { ResolvedAdminOptions } from '../admin.options.js';
import { exchangeOf } from '../http/exchange.js';
import type { AdminRequest } from '../http/exchange.js';
import { hasRole } from './roles.js';

/** Where answers carry what users' programs have put there. */
const PAYLOADS = new Set(['context', 'contextPreview', 'input', 'result', 'output', 'cursor', 'payload', 'origin']);

/** Keeps payloads from people who may look but not at those: they find `null` and `payloadsHidden`. */
@Injectable()
export class PayloadInterceptor implements NestInterceptor {
  constructor(@Inject(ADMIN_OPTIONS) private readonly options: ResolvedAdminOptions) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { user } = exchangeOf(context.switchToHttp().getRequest<AdminRequest>());
    if (user === null || hasRole(user, this.options.payloads)) return next.handle();
    return next.handle().pipe(map(withoutPayloads));
  }
}

/** A copy of an answer without payloads. It never looks into one, so its own depth is the answer's, not the payload's. */
export function withoutPayloads(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPayloads);
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value);
  const hidden = entries.some(([key, item]) => PAYLOADS.has(key) && item !== null);
  const shown = entries.map(([key, item]) => [key, PAYLOADS.has(key) ? null : withoutPayloads(item)]);
  return { ...(Object.fromEntries(shown) as object), ...(hidden && { payloadsHidden: true }) };
}
