import { IsInt } from 'class-validator';
import { useEngineKit } from '../engine/engine.contract.js';
import type { EngineKit, TestNode } from '../engine/engine.contract.js';
import type { Database } from '../store/contract/kit.contract.js';
import { declareTriggers } from '../store/trigger.repository.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { FireOutcome } from './fire.types.js';
import { IntakeService } from './intake.service.js';
import type { TriggerDefinition } from './trigger.definition.js';
import { TriggerRegistry } from './trigger.registry.js';
import { plainTrigger } from './plain-trigger.contract.js';

/** Contexts that the workflow has run with. */
export const ran: unknown[] = [];
/** What its task does besides. */
export const behaviour: { run: (context: TaskContext) => unknown } = { run: () => undefined };

@Workflow({ name: 'plain' })
export class Plain {
  @Task({ retry: { attempts: 1 } })
  async only(context: TaskContext): Promise<void> {
    ran.push(context.data);
    await behaviour.run(context);
  }
}

/** The declared input of {@link Checked}. */
export class Amount {
  @IsInt()
  amount!: number;
}

@Workflow({ name: 'checked', input: Amount })
export class Checked {
  @Task()
  async only(context: TaskContext<Amount>): Promise<void> {
    ran.push(context.data);
  }
}

/** A process with two workflows, and triggers as a test needs them. */
export interface IntakeHarness {
  readonly kit: EngineKit;
  readonly node: TestNode;
  readonly intake: IntakeService;
  trigger(given?: Partial<TriggerDefinition> & { readonly workflow?: 'plain' | 'checked' }): TriggerDefinition;
  /** As if the code had lost it in a deploy. */
  undeclare(name: string): void;
  fire(trigger: TriggerDefinition, context?: object, item?: object): Promise<FireOutcome>;
}

/** A harness for each test. */
export function useIntake(database: Database): () => IntakeHarness {
  const kit = useEngineKit(database);
  let harness: IntakeHarness;
  beforeEach(async () => {
    ran.length = 0;
    behaviour.run = () => undefined;
    const node = await kit().boot([Plain, Checked]);
    const intake = node.get(IntakeService);
    await node.store.change(() => declareTriggers([{ name: 'inbox', kind: 'poll', aliases: [] }]));
    const trigger: IntakeHarness['trigger'] = ({ workflow = 'plain', ...given } = {}) => {
      const definition = plainTrigger({
        kind: 'manual',
        workflows: [node.get(WorkflowRegistry).require(workflow)],
        ...given,
      });
      node.get(TriggerRegistry).remove(definition.name);
      node.get(TriggerRegistry).add(definition);
      return definition;
    };
    const fire: IntakeHarness['fire'] = (definition, context, item = {}) =>
      intake.fire({ trigger: definition, context, ...item });
    const undeclare = (name: string): void => node.get(TriggerRegistry).remove(name);
    harness = { kit: kit(), node, intake, trigger, undeclare, fire };
  });
  return () => harness;
}
