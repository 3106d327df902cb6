import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';

type WorkflowClass = new () => object;

/** Workflows of three tasks, as a user writes them. */
export function declareWorkflows(count: number): WorkflowClass[] {
  return Array.from({ length: count }, (_, index) => {
    @Workflow({ name: `workflow_${index}` })
    class Declared {
      @Task()
      async first(): Promise<void> {}

      @Task({ dependencies: ['first'] })
      async second(): Promise<void> {}

      @Task({ dependencies: ['second'] })
      async third(): Promise<void> {}
    }
    return Declared;
  });
}

/** Classes with one trigger each, polled every hour. */
export function declareTriggers(count: number, workflows: readonly WorkflowClass[]): (new () => object)[] {
  return Array.from({ length: count }, (_, index) => {
    class Declared {
      @Trigger({ name: `trigger_${index}`, workflow: workflows[index % workflows.length]!, pollInterval: '1h' })
      async poll(): Promise<TriggerResult<never>> {
        return TriggerResult.skip();
      }
    }
    return Declared;
  });
}
