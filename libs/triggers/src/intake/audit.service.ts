import { Injectable } from '@nestjs/common';
import { cleanText } from '../model/text.js';
import { recordAudit } from '../store/audit.repository.js';
import type { AuditRecord } from '../store/audit.repository.js';
import { Store } from '../store/store.service.js';

/** Writes what operators did. Records are kept; they hold facts, never payloads or secrets. */
@Injectable()
export class AuditService {
  constructor(private readonly store: Store) {}

  /** Writes one record. @throws TRG_STORE_UNAVAILABLE */
  async record(entry: AuditRecord): Promise<void> {
    await this.store.change(() =>
      recordAudit({ ...entry, reason: entry.reason === null ? null : cleanText(entry.reason) }),
    );
  }
}
