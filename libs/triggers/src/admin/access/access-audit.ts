import { Injectable, Logger } from '@nestjs/common';
import { errorMessage } from '../../model/text.js';
import { AuditService } from '../../intake/audit.service.js';
import { addressOf, exchangeOf } from '../http/exchange.js';
import type { AdminRequest } from '../http/exchange.js';
import type { AdminUser, Role } from './roles.js';

type AuditEntry = Parameters<AuditService['record']>[0];

/**
 * Writes down who did what. What is audited here has happened already, so an audit that cannot be written does not turn
 * it into an error: it goes to the log instead, in full.
 */
@Injectable()
export class AccessAudit {
  readonly #logger = new Logger('Triggers');

  constructor(private readonly audit: AuditService) {}

  /** A mutation was done. */
  done(request: AdminRequest, facts: Pick<AuditEntry, 'action' | 'target'> & Partial<AuditEntry>): Promise<void> {
    const { requestId, user } = exchangeOf(request);
    const details = { ...facts.details, requestId };
    return this.#record({ actor: user?.id ?? 'unknown', reason: null, address: addressOf(request), ...facts, details });
  }

  /** Somebody who is known tried what they may not. */
  refused(request: AdminRequest, user: AdminUser, needed: Role): Promise<void> {
    const target = `${request.method} ${request.url.split('?', 1)[0] ?? ''}`;
    return this.done(request, {
      actor: user.id,
      action: 'access.refused',
      target,
      details: { roles: user.roles, needed },
    });
  }

  async #record(entry: AuditEntry): Promise<void> {
    try {
      await this.audit.record(entry);
    } catch (error) {
      this.#logger.error(`No audit row could be written (${errorMessage(error)}) for: ${JSON.stringify(entry)}`);
    }
  }
}
