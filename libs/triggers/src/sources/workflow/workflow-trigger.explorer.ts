import { Injectable, Logger } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { TriggerBaseResolver } from '../../intake/trigger-base.resolver.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { TriggersError } from '../../model/errors.js';
import { ENDED_EXECUTION } from '../../model/states.js';
import type { EndState } from '../../model/states.js';
import { quoteAll } from '../../model/text.js';
import { declaredTriggers, nameTrigger } from '../declared-trigger.js';
import type { DeclaredTrigger } from '../declared-trigger.js';
import { registerTriggers } from '../register-triggers.js';
import { MAPPING_TIMEOUT_MS } from '../payload/mapping-time.js';
import { circlesOf } from './workflow-circles.js';
import { WORKFLOW_TRIGGER } from './workflow-trigger.decorator.js';
import type { WorkflowTriggerDefinition } from './workflow-trigger.definition.js';
import type { WorkflowTriggerOptions } from './workflow-trigger.options.js';

/** Finds `@WorkflowTrigger` on the methods of all providers and controllers, at boot. What is wrong is collected. */
@Injectable()
export class WorkflowTriggerExplorer {
  readonly #logger = new Logger('triggers');

  constructor(
    private readonly providers: ProviderExplorer,
    private readonly base: TriggerBaseResolver,
    readonly registry: TriggerRegistry,
    readonly problems: DefinitionProblems,
  ) {}

  /** Puts every workflow trigger into the registry and returns them. Circles are no error: they are told in the log. */
  async explore(): Promise<readonly WorkflowTriggerDefinition[]> {
    const declared = declaredTriggers(this.providers.all(), WORKFLOW_TRIGGER);
    const found = await registerTriggers(this, declared, (one) => this.#build(one));
    for (const circle of circlesOf(found)) {
      this.#logger.warn(
        `Workflow triggers go in a circle: ${circle.workflows.map((name) => `"${name}"`).join(' → ')}, by ${quoteAll(circle.triggers)}. ` +
          'Unless a method skips, it ends as a dead letter, reason "loop", after 16 executions that caused each other. ' +
          'That bounds the depth alone: where one end starts several workflows, there may be thousands before it ends.',
      );
    }
    return found;
  }

  async #build(declared: DeclaredTrigger<WorkflowTriggerOptions>): Promise<WorkflowTriggerDefinition | undefined> {
    const { options, label, invoker } = declared;
    const attempt = <T>(check: () => T): T | undefined => this.problems.attempt(check);
    const named = nameTrigger({ ...declared, options: baseOf(options) }, this.problems);
    if (named === undefined) return undefined;
    const { name, where } = named;
    const base = await this.base.resolve({ name, where, options: baseOf(options), dedupDefault: 'off', attempt });
    const on = attempt(() => checkEnds(options.on, where)) ?? [];
    const workflow = attempt(() => this.base.nameOf(options.workflow, where)) ?? '';
    return {
      kind: 'workflow',
      label,
      invoker,
      follows: { workflow, on },
      pollIntervalMs: null,
      timeoutMs: MAPPING_TIMEOUT_MS,
      options: { follows: workflow, on },
      ...base,
    };
  }
}

/** For what all triggers share, `workflow` is what is started. */
function baseOf({ start, on: _on, workflow: _followed, ...options }: WorkflowTriggerOptions) {
  return { ...options, workflow: start };
}

function checkEnds(on: unknown, where: string): readonly EndState[] {
  const given: readonly unknown[] = Array.isArray(on) ? on : [on];
  const ends = ENDED_EXECUTION.filter((state) => given.includes(state));
  if (given.length > 0 && given.every((one) => ends.includes(one as EndState))) return ends;
  const message = `${where}, option "on" is ${JSON.stringify(on) ?? String(on)}; it takes one or more of ${quoteAll(ENDED_EXECUTION)}.`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
