import { Injectable } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import type { DiscoveredClass } from '../../discovery/discovered-class.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { snakeCase } from '../../discovery/snake-case.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { TriggersError } from '../../model/errors.js';
import { declaredTrigger, declaredTriggers } from '../declared-trigger.js';
import type { DeclaredTrigger } from '../declared-trigger.js';
import { registerTriggers } from '../register-triggers.js';
import { declareRuntimeTrigger } from './declare-runtime-trigger.js';
import { isTriggerValue } from './trigger-value.js';
import { PollTriggerBuilder } from './poll-trigger.builder.js';
import type { DeclaredPoll } from './poll-trigger.builder.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import { TRIGGER } from './trigger.decorator.js';
import type { TriggerOptions } from './trigger.options.js';

/**
 * Finds `@Trigger` on the methods and classes of all providers and controllers, and providers that are triggers themselves, at
 * boot. What is wrong is collected.
 */
@Injectable()
export class PollTriggerExplorer {
  constructor(
    private readonly providers: ProviderExplorer,
    private readonly builder: PollTriggerBuilder,
    readonly registry: TriggerRegistry,
    readonly problems: DefinitionProblems,
  ) {}

  /** Puts every poll trigger into the registry and returns them. */
  explore(): Promise<readonly PollDefinition[]> {
    const declared = [
      ...this.providers.all().flatMap((owner) => this.#declared(owner)),
      ...this.providers.values(isTriggerValue).map((value) => declareRuntimeTrigger(value, this.problems)),
    ];
    return registerTriggers(this, declared, (one) => this.builder.build(one, this.problems));
  }

  #declared(owner: DiscoveredClass): readonly DeclaredPoll[] {
    return [
      ...owner.classValues(TRIGGER).flatMap((options) => this.#classTrigger(owner, options) ?? []),
      ...declaredTriggers([owner], TRIGGER).map(methodTrigger),
    ];
  }

  #classTrigger(owner: DiscoveredClass, options: TriggerOptions): DeclaredPoll | undefined {
    if (!owner.hasMethod('poll')) {
      const message = `@Trigger on the class ${owner.name}: it has no method "poll". Implement TriggerSource, or put @Trigger on a method.`;
      this.problems.add(new TriggersError('TRG_DEF_INVALID_OPTION', message));
      return undefined;
    }
    return {
      ...methodTrigger(declaredTrigger(owner, 'poll', options)),
      defaultName: snakeCase(owner.target.name),
      label: owner.name,
      onInit: invokerOf(owner, 'onTriggerInit') ?? null,
      onDestroy: invokerOf(owner, 'onTriggerDestroy') ?? null,
    };
  }
}

function methodTrigger({ owner, options, defaultName, label, invoker }: DeclaredTrigger<TriggerOptions>): DeclaredPoll {
  const method: DeclaredPoll['method'] = (name) => invokerOf(owner, name);
  return { options, defaultName, label, invoker, onInit: null, onDestroy: null, method };
}

function invokerOf(owner: DiscoveredClass, method: string): ReturnType<DiscoveredClass['invoker']> | undefined {
  return owner.hasMethod(method) ? owner.invoker(method) : undefined;
}
