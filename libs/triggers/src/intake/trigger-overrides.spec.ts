import type { TriggerDefinition } from './trigger.definition.js';
import { TriggerOverrides } from './trigger-overrides.js';

const polls = { name: 'inbox', kind: 'poll', pollIntervalMs: 60_000 } as unknown as TriggerDefinition;
const waits = { name: 'mail', kind: 'manual', pollIntervalMs: null } as unknown as TriggerDefinition;

describe('TriggerOverrides', () => {
  it('says what is overridden of a trigger, and nothing of any other name', () => {
    const overrides = new TriggerOverrides({ inbox: { enabled: false } });
    expect([overrides.of('inbox'), overrides.of('mail'), overrides.of('toString')]).toEqual([
      { enabled: false },
      {},
      {},
    ]);
    expect(new TriggerOverrides().of('inbox')).toEqual({});
  });

  it('finds nothing wrong with an interval where something polls, and with a switch anywhere', () => {
    const overrides = new TriggerOverrides({ inbox: { pollInterval: '5s' }, mail: { enabled: false } });
    expect(overrides.problems([polls, waits])).toEqual([]);
  });

  it.each([
    ['mail', 'sets "pollInterval" of "mail", which is a manual trigger and does not poll'],
    ['gone', 'overrides "gone", but no trigger has that name. Known: "inbox", "mail".'],
  ])('finds an interval of "%s"', (name, message) => {
    const [problem, ...others] = new TriggerOverrides({ [name]: { pollInterval: '5s' } }).problems([polls, waits]);
    expect(problem).toMatchObject({ code: 'TRG_DEF_INVALID_OPTION', message: expect.stringContaining(message) });
    expect(others).toEqual([]);
  });
});
