import { DefinitionProblems } from '../discovery/definition-problems.js';
import { plainTrigger } from '../intake/plain-trigger.contract.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';
import { messageOf } from './discovery-kit.contract.js';
import type { Source } from './source.js';
import { Sources } from './sources.service.js';
import type { UnpolledTriggers } from './unpolled-triggers.service.js';

const calls: string[] = [];
const nobody = {
  declare: async (): Promise<void> => void calls.push('declare'),
  renewed: async (): Promise<void> => void calls.push('declared again'),
} as unknown as UnpolledTriggers;

function finding(...found: readonly Partial<TriggerDefinition>[]): Source {
  return { discover: async () => found.map(plainTrigger) };
}

async function problemsOf(...sources: readonly Source[]): Promise<string> {
  const problems = new DefinitionProblems();
  await new Sources(sources, nobody, problems).discover();
  return messageOf(problems);
}

describe('Sources', () => {
  beforeEach(() => calls.splice(0));

  it('refuses a former name that a trigger of another kind still has', async () => {
    const problems = await problemsOf(finding({ name: 'inbox' }), finding({ name: 'mail', aliases: ['inbox'] }));
    expect(problems).toContain('option "aliases": "inbox" already belongs to trigger "inbox".');
  });

  it('gives a former name to one trigger only', async () => {
    const problems = await problemsOf(
      finding({ name: 'a', aliases: ['old'] }),
      finding({ name: 'b', aliases: ['old'] }),
    );
    expect(problems).toContain('option "aliases": "old" already belongs to trigger "a".');
  });

  it('makes the rows of triggers before any source notices something', async () => {
    const source: Source = { discover: async () => [], start: async () => void calls.push('start') };
    await new Sources([source], nobody, new DefinitionProblems()).start(new AbortController().signal);
    expect(calls).toEqual(['declare', 'start']);
  });

  it('asks only those that care about leases and notices', async () => {
    const cares: Source = {
      discover: async () => [],
      renewed: async () => void calls.push('renewed'),
      noticed: async (name) => void calls.push(`noticed ${name}`),
      leaseLost: () => void calls.push('lease lost'),
      stop: async () => void calls.push('stop'),
    };
    const sources = new Sources([{ discover: async () => [] }, cares], nobody, new DefinitionProblems());
    await sources.renewed();
    await sources.noticed('inbox');
    sources.leaseLost();
    await sources.stop(new AbortController().signal);
    expect(calls).toEqual(['declared again', 'renewed', 'noticed inbox', 'lease lost', 'stop']);
  });
});
