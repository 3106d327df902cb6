import { Inject, Injectable } from '@nestjs/common';
import { DefinitionProblems } from '../discovery/definition-problems.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';
import { TriggersError } from '../model/errors.js';
import { SOURCES } from './source.js';
import type { Source } from './source.js';
import { UnpolledTriggers } from './unpolled-triggers.service.js';

/** All sources as one: the module starts and stops them together. */
@Injectable()
export class Sources implements Omit<Required<Source>, 'start'> {
  constructor(
    @Inject(SOURCES) private readonly sources: readonly Source[],
    private readonly unpolled: UnpolledTriggers,
    private readonly problems: DefinitionProblems,
  ) {}

  async discover(): Promise<readonly TriggerDefinition[]> {
    const found: TriggerDefinition[] = [];
    for (const source of this.sources) found.push(...(await source.discover()));
    for (const problem of aliasProblems(found)) this.problems.add(problem);
    return found;
  }

  async open(): Promise<void> {
    for (const source of this.sources) await source.open?.();
  }

  async prepare(): Promise<void> {
    for (const source of this.sources) await source.prepare?.();
  }

  /** @param signal aborts as a stop begins: nothing is started after it */
  async start(signal: AbortSignal): Promise<void> {
    await this.unpolled.declare();
    for (const source of this.sources) if (!signal.aborted) await source.start?.();
  }

  async stop(signal: AbortSignal): Promise<void> {
    await Promise.all(this.sources.map(async (source) => source.stop?.(signal)));
  }

  async renewed(): Promise<void> {
    await this.unpolled.renewed();
    for (const source of this.sources) await source.renewed?.();
  }

  async noticed(name: string | null): Promise<void> {
    for (const source of this.sources) await source.noticed?.(name);
  }

  leaseLost(): void {
    for (const source of this.sources) source.leaseLost?.();
  }
}

/** Cursor and keys of a former name can go to one trigger only, and not while a trigger still has that name. */
function aliasProblems(found: readonly TriggerDefinition[]): readonly TriggersError[] {
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
