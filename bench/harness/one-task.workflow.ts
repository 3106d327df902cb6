import { Task, Workflow } from 'nestjs-triggers';

/** One task that does nothing. */
@Workflow({ name: 'one_task' })
export class OneTask {
  @Task()
  async only(): Promise<void> {}
}
