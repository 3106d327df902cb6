import { Injectable } from '@nestjs/common';
import { DefinitionProblems } from '../../discovery/definition-problems.js';
import type { DiscoveredClass } from '../../discovery/discovered-class.js';
import { ProviderExplorer } from '../../discovery/provider.explorer.js';
import { snakeCase } from '../../discovery/snake-case.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { TriggersError } from '../../model/errors.js';
import { PollTriggerBuilder } from './poll-trigger.builder.js';
import type { DeclaredPoll } from './poll-trigger.builder.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import { TRIGGER } from './trigger.decorator.js';
import type { TriggerOptions } from './trigger.options.js';

/** Finds `@Trigger` on the methods and classes of all providers and controllers, at boot. What is wrong is collected. */
@Injectable()
export class PollTriggerExplorer {
  constructor(
    private readonly providers: ProviderExplorer,
    private readonly builder: PollTriggerBuilder,
    private readonly registry: TriggerRegistry,
    private readonly problems: DefinitionProblems,
  ) {}

  /** Puts every poll trigger into the registry and returns them. */
  async explore(): Promise<readonly PollDefinition[]> {
    const found: PollDefinition[] = [];
    for (const declared of this.providers.all().flatMap((owner) => this.#declared(owner))) {
      const definition = await this.builder.build(declared, this.problems);
      if (definition === undefined) continue;
      this.problems.attempt(() => {
        this.registry.add(definition);
        found.push(definition);
      });
    }
    for (const problem of aliasProblems(found)) this.problems.add(problem);
    return found;
  }

  #declared(owner: DiscoveredClass): readonly DeclaredPoll[] {
    const methods = owner
      .methods(TRIGGER)
      .flatMap(({ name, values }) => values.map((options) => methodTrigger(owner, name, options)));
    return [...owner.classValues(TRIGGER).flatMap((options) => this.#classTrigger(owner, options) ?? []), ...methods];
  }

  #classTrigger(owner: DiscoveredClass, options: TriggerOptions): DeclaredPoll | undefined {
    if (!owner.hasMethod('poll')) {
      const message = `@Trigger on the class ${owner.name}: it has no method "poll". Implement TriggerSource, or put @Trigger on a method.`;
      this.problems.add(new TriggersError('TRG_DEF_INVALID_OPTION', message));
      return undefined;
    }
    return {
      ...methodTrigger(owner, 'poll', options),
      defaultName: snakeCase(owner.target.name),
      label: owner.name,
      onInit: invokerOf(owner, 'onTriggerInit') ?? null,
      onDestroy: invokerOf(owner, 'onTriggerDestroy') ?? null,
    };
  }
}

function methodTrigger(owner: DiscoveredClass, name: string, options: TriggerOptions): DeclaredPoll {
  return {
    options,
    defaultName: name,
    label: owner.labelOf(name),
    invoker: owner.invoker(name),
    onInit: null,
    onDestroy: null,
    method: (other) => invokerOf(owner, other),
  };
}

function invokerOf(owner: DiscoveredClass, method: string): ReturnType<DiscoveredClass['invoker']> | undefined {
  return owner.hasMethod(method) ? owner.invoker(method) : undefined;
}

/** Cursor and keys of a former name can go to one trigger only, and not while a trigger still has that name. */
function aliasProblems(found: readonly PollDefinition[]): readonly TriggersError[] {
  const holders = new Map(found.map(({ name }) => [name, name]));
  const problems: TriggersError[] = [];
  for (const { name, aliases, label } of found) {
    for (const alias of aliases) {
      const holder = holders.get(alias);
      if (holder === undefined) holders.set(alias, name);
      else problems.push(takenAlias(`Trigger "${name}" (${label})`, alias, holder));
    }
  }
  return problems;
}

function takenAlias(where: string, alias: string, holder: string): TriggersError {
  const message = `${where}, option "aliases": "${alias}" already belongs to trigger "${holder}". A former name goes to one trigger.`;
  return new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
