import { Task, Workflow } from 'nestjs-triggers';
import { forMs } from '../harness/pace.js';

/** How long a body waits, as one that asks another server does. */
export const BODY_MS = 5;

/** One task that waits for {@link BODY_MS} and costs next to nothing. */
@Workflow({ name: 'patient' })
export class Patient {
  @Task()
  async wait(): Promise<void> {
    await forMs(BODY_MS);
  }
}
