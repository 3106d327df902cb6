import { IsString } from 'class-validator';
import type { TriggerOverride } from '../../intake/trigger-overrides.js';
import { TriggerRegistry } from '../../intake/trigger.registry.js';
import { REPORT, moduleWith, problemsOf } from '../discovery-kit.contract.js';
import type { Declares } from '../discovery-kit.contract.js';
import type { ManualRequest } from './manual-request.js';
import { ManualTriggerBuilder } from './manual-trigger.builder.js';
import { ManualTrigger } from './manual-trigger.decorator.js';
import type { ManualDefinition } from './manual-trigger.definition.js';
import { ManualSource } from './manual.source.js';

class Month {
  @IsString()
  month!: string;
}

async function discover(
  providers: readonly Declares[],
  overrides: Record<string, TriggerOverride> = {},
): Promise<{ readonly found: readonly ManualDefinition[]; readonly problems: string }> {
  const module = await moduleWith({ providers: [...providers, ManualSource, ManualTriggerBuilder] }, overrides);
  const found = await module.get(ManualSource).discover();
  expect(module.get(TriggerRegistry).all()).toEqual(found);
  return { found, problems: problemsOf(module) };
}

function declare(options: object) {
  class Reports {
    @ManualTrigger({ workflow: 'report', ...options })
    monthly(_request: ManualRequest): void {}
  }
  return Reports;
}

describe('ManualSource', () => {
  it('finds a method, called as it is, with every default', async () => {
    const { found, problems } = await discover([declare({})]);
    expect(problems).toBe('');
    expect(found).toEqual([
      expect.objectContaining({
        name: 'monthly',
        kind: 'manual',
        label: 'Reports.monthly',
        workflows: [REPORT],
        dedup: { scope: 'off' },
        input: null,
        permission: null,
        rateLimit: null,
        userRate: { limit: 10, perMs: 60_000 },
        doubleClickMs: 2_000,
        exclusive: false,
        pollIntervalMs: null,
        timeoutMs: 30_000,
        options: {
          exclusive: false,
          doubleClick: '2s',
          rateLimit: { limit: 10, per: '1m' },
          timeout: '30s',
          permission: null,
        },
      }),
    ]);
  });

  it('takes what the options say', async () => {
    const permission = () => true;
    const { found } = await discover([
      declare({
        name: 'export',
        input: Month,
        permission,
        rateLimit: { limit: 2, per: '1h' },
        doubleClick: '10s',
        dedup: { for: '7d' },
      }),
    ]);
    const [definition] = found;
    expect(definition).toMatchObject({
      name: 'export',
      dedup: { scope: 'window', windowMs: 604_800_000 },
      userRate: { limit: 2, perMs: 3_600_000 },
      doubleClickMs: 10_000,
      options: { rateLimit: { limit: 2, per: '1h' }, permission: 'decided by the application' },
    });
    expect(definition?.permission).toBe(permission);
    expect(definition?.input?.jsonSchema()).toMatchObject({ required: ['month'] });
  });

  it('has no guard and no limit where they are off', async () => {
    const { found } = await discover([declare({ rateLimit: 'off', doubleClick: 'off' })]);
    expect(found).toMatchObject([
      { userRate: null, doubleClickMs: null, options: { rateLimit: 'off', doubleClick: 'off' } },
    ]);
  });

  it('has one key for all firings where it is exclusive, and gives it back after a failure too', async () => {
    const { found, problems } = await discover([declare({ exclusive: true, dedup: { while: 'running' } })]);
    expect(problems).toBe('');
    expect(found).toMatchObject([{ exclusive: true, dedup: { scope: 'running', cooldown: false } }]);
  });

  it('finds several on one method, and is switched by forRoot', async () => {
    class Reports {
      @ManualTrigger({ workflow: 'report', name: 'one' })
      @ManualTrigger({ workflow: 'report', name: 'two' })
      monthly(): void {}
    }
    const { found } = await discover([Reports], { two: { enabled: false } });
    expect(found.map(({ name, enabled }) => [name, enabled])).toEqual([
      ['one', true],
      ['two', false],
    ]);
  });

  it.each<[object, RegExp]>([
    [{ input: 'text' }, /Trigger "monthly" \(Reports\.monthly\), option "input" is string/],
    [{ permission: '' }, /option "permission" is ""; it takes a role, the name of a permission, or a function/],
    [{ permission: 3 }, /option "permission" is 3/],
    [{ rateLimit: { limit: 0, per: '1m' } }, /option "rateLimit\.limit" is 0/],
    [{ rateLimit: { limit: 1, per: '0s' } }, /option "rateLimit\.per" is "0s"/],
    [{ doubleClick: '0s' }, /option "doubleClick" is "0s"; it takes a duration longer than nothing, or "off"/],
    [{ doubleClick: '2 s' }, /option "doubleClick"/],
    [{ exclusive: 'yes' }, /option "exclusive" is "yes"; it takes true or false/],
    [{ exclusive: true, dedup: { for: '7d' } }, /"exclusive" and a window in "dedup" exclude each other/],
    [{ exclusive: true, dedup: { for: 'ever' } }, /exclude each other/],
    [{ workflow: 'nobody' }, /Known: "report"/],
    [{ name: 'events' }, /a trigger cannot be called "events"/],
    [{ name: '7' }, /option "name"/],
  ])('refuses %j', async (options, message) => {
    expect((await discover([declare(options)])).problems).toMatch(message);
  });

  it('reports all problems together', async () => {
    const { problems } = await discover([declare({ exclusive: 1, permission: 1, doubleClick: '0s', input: 1 })]);
    expect(problems).toContain('4 definition errors');
  });
});
