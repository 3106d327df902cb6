import type { DefinitionProblems } from '../discovery/definition-problems.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';
import type { TriggerRegistry } from '../intake/trigger.registry.js';

/** Where definitions go, and what is wrong with them. */
interface Boot {
  readonly registry: TriggerRegistry;
  readonly problems: DefinitionProblems;
}

/**
 * Builds triggers one after the other and puts them into the registry. Those that cannot stand, or whose name is taken, are left
 * out; what is wrong went to the problems.
 *
 * @param accept takes a definition that the registry has taken; what it throws is such a problem
 */
export async function registerTriggers<T, D extends TriggerDefinition>(
  { registry, problems }: Boot,
  declared: readonly T[],
  build: (one: T) => Promise<D | undefined>,
  accept: (definition: D) => void = () => undefined,
): Promise<readonly D[]> {
  const found: D[] = [];
  for (const one of declared) {
    const definition = await build(one);
    if (definition === undefined) continue;
    problems.attempt(() => {
      registry.add(definition);
      accept(definition);
      found.push(definition);
    });
  }
  return found;
}
