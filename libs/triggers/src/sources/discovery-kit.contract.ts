import type { ModuleMetadata } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { DefinitionProblems } from '../discovery/definition-problems.js';
import { ProviderExplorer } from '../discovery/provider.explorer.js';
import { TriggerBaseResolver } from '../intake/trigger-base.resolver.js';
import { TriggerOverrides } from '../intake/trigger-overrides.js';
import type { TriggerOverride } from '../intake/trigger-overrides.js';
import { TriggerRegistry } from '../intake/trigger.registry.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';

/** A provider that declares triggers, with whatever constructor. */
export type Declares = new (...args: never[]) => object;

/** The one workflow of {@link moduleWith}. */
export const REPORT = { name: 'report', tasks: [], target: class Report {} } as unknown as WorkflowDefinition;

/** What a source needs to discover the triggers of an application that has one workflow, with the source itself. */
export async function moduleWith(
  { imports = [], providers = [] }: ModuleMetadata,
  overrides: Record<string, TriggerOverride> = {},
): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule, ...imports],
    providers: [
      ...providers,
      DefinitionProblems,
      ProviderExplorer,
      TriggerBaseResolver,
      TriggerRegistry,
      WorkflowRegistry,
      { provide: TriggerOverrides, useValue: new TriggerOverrides(overrides) },
    ],
  }).compile();
  module.get(WorkflowRegistry).add(REPORT);
  return module;
}

/** What is wrong with what was discovered, as one text. */
export function problemsOf(module: TestingModule): string {
  const problems = module.get(DefinitionProblems);
  for (const problem of module.get(TriggerOverrides).problems(module.get(TriggerRegistry).all())) problems.add(problem);
  return messageOf(problems);
}

/** What they say together; empty when there are none. */
export function messageOf(problems: DefinitionProblems): string {
  try {
    problems.throwIfAny();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
