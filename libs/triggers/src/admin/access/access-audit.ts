import { Injectable, Logger } from '@nestjs/common';
import { cleanText, errorMessage } from '../../model/text.js';
import { AuditService } from '../../intake/audit.service.js';
import { addressOf, exchangeOf } from '../http/exchange.js';
import type { AdminRequest } from '../http/exchange.js';
import type { AdminUser } from './roles.js';

type AuditEntry = Parameters<AuditService['record']>[0];

/** Why somebody was refused. */
interface Refusal {
  /** The role or the permission that is missing. */
  readonly needed: string;
  /** What the request itself says. */
  readonly reason?: string | undefined;
}

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
  refused(request: AdminRequest, user: AdminUser, refusal: Refusal): Promise<void> {
    const target = `${request.method} ${request.url.split('?', 1)[0] ?? ''}`;
    return this.done(request, {
      actor: user.id,
      action: 'access.refused',
      target,
      reason: refusal.reason === undefined ? null : cleanText(refusal.reason),
      details: { roles: user.roles, needed: refusal.needed },
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
