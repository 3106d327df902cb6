import { Injectable } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import type { Poll } from 'nestjs-triggers';
import { HealthProbe } from './health-probe.js';
import { ServiceRecovery } from './service-recovery.workflow.js';
import type { ServiceDown } from './service-recovery.workflow.js';

interface HealthCursor {
  /** Checks in a row that failed. */
  readonly failures: number;
}

const FAILURE_THRESHOLD = 3;

/**
 * Starts the recovery after three failed checks in a row. The count is the cursor, so a restart does not forget it, and
 * it goes back to 0 in the commit that fires.
 */
@Injectable()
export class HealthTriggers {
  constructor(private readonly probe: HealthProbe) {}

  @Trigger({
    workflow: ServiceRecovery,
    name: 'health_check',
    pollInterval: '2s',
    allowConcurrent: false,
    timeout: '5s',
  })
  async healthCheck(poll: Poll<HealthCursor>): Promise<TriggerResult<ServiceDown>> {
    const before = poll.cursor?.failures ?? 0;
    if (await this.probe.isHealthy(poll.signal)) {
      return TriggerResult.skip('the service is healthy', before === 0 ? {} : { cursor: { failures: 0 } });
    }
    const failures = before + 1;
    if (failures < FAILURE_THRESHOLD) {
      return TriggerResult.skip(`failed check ${failures} of ${FAILURE_THRESHOLD}`, { cursor: { failures } });
    }
    const context: ServiceDown = { service_name: 'demo', consecutive_failures: failures };
    return TriggerResult.fire(context, { cursor: { failures: 0 } });
  }
}
