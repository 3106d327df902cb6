import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { TriggersError } from '../../model/errors.js';
import type { Role } from '../../model/identity.js';
import { exchangeOf, headerOf, isMutation } from '../http/exchange.js';
import type { AdminRequest } from '../http/exchange.js';
import { writeHeaders } from '../../http/headers.js';
import { AdminAccess } from './admin-access.service.js';
import { AccessAudit } from './access-audit.js';
import { NEEDED_ROLE } from './route-access.js';
import { hasRole } from './roles.js';
import type { AdminUser } from './roles.js';
import { isSameSecret } from './secrets.js';

/** The header that mutations by cookie carry. */
export const CSRF_HEADER = 'x-csrf-token';

/**
 * The one door of the admin API: who → from our own page? → allowed? → is the body fit? In this order, so that nobody
 * learns more than they may.
 */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly host: HttpAdapterHost,
    private readonly access: AdminAccess,
    private readonly audit: AccessAudit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const exchange = exchangeOf(request);
    writeHeaders(this.host.httpAdapter, context.switchToHttp().getResponse<object>(), {
      'X-Request-Id': exchange.requestId,
    });
    const needed = this.reflector.get<Role | 'anyone' | undefined>(NEEDED_ROLE, context.getHandler()) ?? 'admin';
    if (needed !== 'anyone') exchange.user = await this.#admit(request, context, needed);
    if (exchange.bodyProblem !== null) throw exchange.bodyProblem;
    return true;
  }

  async #admit(request: AdminRequest, context: ExecutionContext, needed: Role): Promise<AdminUser> {
    const user = await this.access.identify(request, context);
    if (isMutation(request) && user.via !== 'token') this.#refuseOtherPages(request, user);
    if (hasRole(user, needed)) return user;
    if (isMutation(request)) await this.audit.refused(request, user, { needed });
    throw forbidden(`"${user.id}" has the roles ${JSON.stringify(user.roles)}; this needs the role "${needed}".`);
  }

  /** Cookies are sent along by the browser whatever page asks. */
  #refuseOtherPages(request: AdminRequest, user: AdminUser): void {
    if (headerOf(request, 'sec-fetch-site') === 'cross-site')
      throw forbidden('Another site must not change anything here.');
    if (user.via !== 'session') return;
    const session = this.access.sessionOf(request);
    if (session !== undefined && isSameSecret(headerOf(request, CSRF_HEADER) ?? '', session.csrfToken)) return;
    throw forbidden(`Send the "csrfToken" of POST /session in the header "${CSRF_HEADER}".`);
  }
}

function forbidden(message: string): TriggersError {
  return new TriggersError('TRG_API_FORBIDDEN', message);
}
