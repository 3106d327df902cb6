import { Task, Workflow } from 'nestjs-triggers';

/** Three tasks, one after the other. */
@Workflow({ name: 'chain_of_three' })
export class ChainOfThree {
  @Task()
  async first(): Promise<void> {}

  @Task({ dependencies: ['first'] })
  async second(): Promise<void> {}

  @Task({ dependencies: ['second'] })
  async third(): Promise<void> {}
}

/** Five tasks: one, then three at once, then one that waits for them. */
@Workflow({ name: 'fan_of_five' })
export class FanOfFive {
  @Task()
  async split(): Promise<void> {}

  @Task({ dependencies: ['split'] })
  async left(): Promise<void> {}

  @Task({ dependencies: ['split'] })
  async middle(): Promise<void> {}

  @Task({ dependencies: ['split'] })
  async right(): Promise<void> {}

  @Task({ dependencies: ['left', 'middle', 'right'] })
  async join(): Promise<void> {}
}
