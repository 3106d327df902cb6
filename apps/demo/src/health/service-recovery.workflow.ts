import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { printDone, printFailed } from '../terminal/lines.js';
import { HealthProbe } from './health-probe.js';
import { ServiceState } from './service.state.js';

/** What `service_recovery` is started with. */
export interface ServiceDown {
  readonly service_name: string;
  readonly consecutive_failures: number;
}

function restarted(taskId: string, { data }: TaskContext<ServiceDown>): void {
  printDone(taskId, data.service_name, `after ${data.consecutive_failures} failed checks`);
}

function verified(taskId: string, { data }: TaskContext<ServiceDown>): void {
  printDone(taskId, data.service_name, 'healthy again');
}

function recoveryFailed(taskId: string, error: Error, { data }: TaskContext<ServiceDown>): void {
  printFailed(taskId, data.service_name, error.message);
}

/** Brings the service back, then sees that it answers. */
@Workflow({ name: 'service_recovery', description: 'Restarts a service whose health checks fail' })
export class ServiceRecovery {
  constructor(
    private readonly service: ServiceState,
    private readonly probe: HealthProbe,
  ) {}

  @Task({ id: 'restart_service', onSuccess: restarted, onFailure: recoveryFailed })
  restartService(_context: TaskContext<ServiceDown>): void {
    this.service.healthy = true;
  }

  @Task({
    id: 'verify_service',
    dependencies: ['restart_service'],
    onSuccess: verified,
    onFailure: recoveryFailed,
    retry: { attempts: 5 },
  })
  async verifyService(context: TaskContext<ServiceDown>) {
    if (!(await this.probe.isHealthy(context.signal))) throw new Error('It still does not answer well');
    return { recovered: true };
  }
}
