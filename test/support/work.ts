import { Task, Workflow } from 'nestjs-triggers';

/** The workflow "work", which does nothing: for tests of what comes before it is started. */
@Workflow({ name: 'work' })
export class Work {
  @Task()
  run(): void {}
}
