import type { WorkflowTriggerDefinition } from './workflow-trigger.definition.js';

/** Workflows whose ends start each other. */
export interface WorkflowCircle {
  /** In their order; the first stands at the end again. */
  readonly workflows: readonly string[];
  /** The triggers between them. */
  readonly triggers: readonly string[];
}

type Step = Pick<WorkflowTriggerDefinition, 'name' | 'follows' | 'workflows'>;

/** The circles among these triggers: of each trigger that closes some, the shortest one, each circle once. */
export function circlesOf(triggers: readonly Step[]): readonly WorkflowCircle[] {
  const circles = new Map<string, WorkflowCircle>();
  for (const trigger of triggers) {
    for (const { name } of trigger.workflows) {
      const back = shortest(name, trigger.follows.workflow, triggers);
      if (back === null) continue;
      const workflows = [trigger.follows.workflow, ...back.workflows];
      const key = [...new Set(workflows)].sort().join();
      if (!circles.has(key)) circles.set(key, { workflows, triggers: [trigger.name, ...back.triggers] });
    }
  }
  return [...circles.values()];
}

/** The shortest way from one workflow to another, breadth first. */
function shortest(from: string, to: string, triggers: readonly Step[]): WorkflowCircle | null {
  let ways: readonly WorkflowCircle[] = [{ workflows: [from], triggers: [] }];
  const seen = new Set([from]);
  while (ways.length > 0) {
    const there = ways.find(({ workflows }) => workflows.at(-1) === to);
    if (there !== undefined) return there;
    ways = ways.flatMap((way) =>
      triggers
        .filter(({ follows }) => follows.workflow === way.workflows.at(-1))
        .flatMap(({ name, workflows }) => workflows.map((started) => ({ name, started: started.name })))
        .filter(({ started }) => !seen.has(started) && seen.add(started))
        .map(({ name, started }) => ({ workflows: [...way.workflows, started], triggers: [...way.triggers, name] })),
    );
  }
  return null;
}
