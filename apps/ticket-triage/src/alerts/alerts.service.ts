import { Injectable, Logger } from '@nestjs/common';
import { OnTriggers } from 'nestjs-triggers';
import type { ExecutionView, OnWorkflowFailure, TriggersEvent } from 'nestjs-triggers';
import { NotifierService } from '../tickets/notifier.service.js';

/** Tells whoever is on call what went wrong for good. */
@Injectable()
export class AlertsService implements OnWorkflowFailure {
  readonly #logger = new Logger('alerts');

  constructor(private readonly notifier: NotifierService) {}

  /** A callback belongs to the execution: when this process dies before it was told, another one tells. */
  async onFailure(workflow: string, error: Error, { executionId }: ExecutionView): Promise<void> {
    await this.notifier.send(
      'alerts',
      { about: executionId, text: `${workflow} failed: ${error.message}` },
      { idempotencyKey: `failed:${executionId}` },
    );
  }

  /** An event is told once, on the node where it happened, and never stored: the ledger is what counts. */
  @OnTriggers('firing.rejected', 'firing.dead')
  async kept({ trigger, firingId, reason }: TriggersEvent<'firing.rejected' | 'firing.dead'>): Promise<void> {
    const alert = { about: firingId, text: `${trigger} cannot use what it got: ${reason}` };
    await this.notifier.send('alerts', alert, { idempotencyKey: `kept:${firingId}` }).catch((error: unknown) => {
      this.#logger.error(`An alert was not taken: ${String(error)}`);
    });
  }
}
