import type { TriggerDefinition } from './trigger.definition.js';
import { RESERVED_TRIGGER_NAMES, TriggerRegistry } from './trigger.registry.js';

const called = (name: string, label = `Inbox.${name}`): TriggerDefinition =>
  ({ name, label, aliases: [] }) as unknown as TriggerDefinition;

describe('TriggerRegistry', () => {
  let registry: TriggerRegistry;
  beforeEach(() => {
    registry = new TriggerRegistry();
    registry.add(called('b'));
    registry.add(called('a'));
  });

  it('finds by name, and lists in the order of finding', () => {
    expect([registry.get('a'), registry.require('b'), registry.get('c')]).toEqual([
      called('a'),
      called('b'),
      undefined,
    ]);
    expect(registry.all()).toEqual([called('b'), called('a')]);
  });

  it('finds by a former name as well, but not in the place of one that has it now', () => {
    const renamed = { ...called('c'), aliases: ['old', 'a'] };
    registry.add(renamed);
    expect(['c', 'old', 'a', 'older'].map((name) => registry.resolve(name))).toEqual([
      renamed,
      renamed,
      called('a'),
      undefined,
    ]);
    expect(registry.get('old')).toBeUndefined();
  });

  it('says which names exist when one does not', () => {
    expect(() => registry.require('c')).toThrow(
      expect.objectContaining({ code: 'TRG_API_TRIGGER_NOT_FOUND', message: expect.stringContaining('"b", "a"') }),
    );
  });

  it('refuses a second trigger of one name, and names both', () => {
    expect(() => registry.add(called('a', 'Mail.a'))).toThrow(
      expect.objectContaining({
        code: 'TRG_DEF_DUPLICATE_TRIGGER',
        message: expect.stringContaining('Inbox.a and Mail.a'),
      }),
    );
    expect(registry.get('a')).toEqual(called('a'));
  });

  it('refuses whatever was refused once: the admin API may use it as a path', () => {
    const names =
      'executions firings dead-letters workflows events metrics nodes audit openapi.json ui session health explain docs ' +
      'triggers signals assets';
    expect(RESERVED_TRIGGER_NAMES).toEqual(names.split(' '));
  });

  it.each(RESERVED_TRIGGER_NAMES)('refuses "%s" and says why', (name) => {
    expect(() => registry.add(called(name))).toThrow(
      expect.objectContaining({ code: 'TRG_DEF_RESERVED_NAME', message: expect.stringContaining(`"${name}"`) }),
    );
  });

  it('takes a name again that was removed', () => {
    registry.remove('a');
    expect(registry.get('a')).toBeUndefined();
    registry.add(called('a', 'Mail.a'));
    expect(registry.get('a')).toEqual(called('a', 'Mail.a'));
  });
});
