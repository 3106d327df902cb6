import type { FactoryProvider } from '@nestjs/common';
import { healthTrigger } from 'nestjs-triggers';
import { HealthProbe } from './health-probe.js';
import { ServiceRecovery } from './service-recovery.workflow.js';

/** Starts the recovery after three failed checks in a row, and not again before the service was healthy. */
export const healthCheck: FactoryProvider = {
  provide: 'health_check',
  inject: [HealthProbe],
  useFactory: (probe: HealthProbe) =>
    healthTrigger({
      name: 'health_check',
      workflow: ServiceRecovery,
      pollInterval: '2s',
      failures: 3,
      on: ['down'],
      check: (signal) => probe.isHealthy(signal),
      context: ({ failures }) => ({ service_name: 'demo', consecutive_failures: failures }),
    }),
};
