import type { StubCall } from '../model/model.stub.js';
import { account } from './account.js';
import type { Ledger } from './account.js';
import type { Execution, Firing } from './admin.client.js';
import type { Message } from './helpdesk.js';
import { DONE, NOTHING, summed, wordsOf } from './story.js';
import type { Story } from './story.js';
import { tableOf } from './table.js';
import { differences } from './verdict.js';

const firing = (over: Partial<Firing> = {}): Firing => ({
  id: 'f1',
  trigger: 'tickets',
  state: 'accepted',
  reason: null,
  duplicates: 0,
  executionIds: ['e1'],
  createdAt: '2026-01-01T00:00:00.000Z',
  ...over,
});
const execution = (over: Partial<Execution> = {}): Execution => ({
  id: 'e1',
  workflow: 'ticket_triage',
  state: 'completed',
  firingId: 'f1',
  result: {},
  tasks: [
    { task: 'classify', attempts: [{ error: { message: '500' } }, { error: null }], rescues: 1 },
    { task: 'route', attempts: [{ error: null }], rescues: 0 },
  ],
  ...over,
});
const message = (over: Partial<Message> = {}): Message => ({
  key: 'k1',
  channel: 'teams/billing',
  ticketId: 'TKT-1',
  page: false,
  ...over,
});
const call = (over: Partial<StubCall> = {}): StubCall => ({
  idempotencyKey: 'c1',
  subject: 'Charged twice',
  outcome: 'answered',
  ms: 600,
  ...over,
});
const story = (over: Partial<Story> = {}): Story => ({
  what: 'TKT-1 Charged twice',
  answered: ['200 accepted'],
  firingId: 'f1',
  ticketId: 'TKT-1',
  event: null,
  expected: { ...DONE, wentTo: 'billing' },
  ...over,
});
const forgery = story({
  what: 'a forgery',
  answered: ['401'],
  firingId: null,
  ticketId: null,
  expected: { ...NOTHING, answered: '401', firing: 'rejected', alerts: 1 },
});

interface Given {
  readonly stories?: readonly Story[];
  readonly ledger?: Partial<Ledger>;
  readonly messages?: readonly Message[];
  readonly calls?: readonly StubCall[];
}

function outcomeOf({ stories = [story()], ledger, messages = [message()], calls = [call()] }: Given) {
  const known = { firings: [firing()], executions: [execution()], ...ledger };
  return { rows: account(stories, known, messages), ledger: known, messages, calls };
}

describe('the verdict', () => {
  it.each<{ what: string; given: Given; problems: readonly string[] }>([
    { what: 'nothing when each event went where it should', given: {}, problems: [] },
    {
      what: 'another answer',
      given: { stories: [story({ answered: ['503', '200 accepted'] })] },
      problems: ['TKT-1 Charged twice: answered is 503, 200 accepted, not 200 accepted'],
    },
    {
      what: 'a firing that is nowhere',
      given: { ledger: { firings: [], executions: [] } },
      problems: [
        'TKT-1 Charged twice: firing is –, not accepted',
        'TKT-1 Charged twice: execution is –, not completed',
        'TKT-1 Charged twice: attempts is 0, not 1',
      ],
    },
    {
      what: 'an execution that has not ended well',
      given: { ledger: { executions: [execution({ state: 'failed' })] } },
      problems: ['TKT-1 Charged twice: execution is failed, not completed'],
    },
    {
      what: 'fewer attempts than there must have been',
      given: { stories: [story({ expected: { ...DONE, wentTo: 'billing', attempts: 3 } })] },
      problems: ['TKT-1 Charged twice: attempts is 2, not 3'],
    },
    {
      what: 'a ticket that nobody got',
      given: { messages: [] },
      problems: ['TKT-1 Charged twice: wentTo is –, not billing'],
    },
    {
      what: 'a ticket that was given twice',
      given: { messages: [message(), message({ key: 'k2' })] },
      problems: ['TKT-1 Charged twice: wentTo is billing and billing, not billing'],
    },
    {
      what: 'an alert that nobody expects',
      given: { messages: [message(), { key: 'a1', channel: 'alerts', about: 'e1', text: 'failed' }] },
      problems: ['TKT-1 Charged twice: alerts is 1, not 0'],
    },
    {
      what: 'a ticket that nobody sent',
      given: { messages: [message(), message({ key: 'k2', ticketId: 'TKT-2' })] },
      problems: ['teams/billing got TKT-2, which nobody sent'],
    },
    {
      what: 'an execution that belongs to no event',
      given: {
        ledger: {
          firings: [firing(), firing({ id: 'f2', executionIds: ['e2'] })],
          executions: [execution(), execution({ id: 'e2', firingId: 'f2' })],
        },
      },
      problems: ['execution e2 belongs to no event'],
    },
    {
      what: 'a ticket that the model worked on twice',
      given: { calls: [call(), call({ idempotencyKey: 'c2' })] },
      problems: ['the model answered 2 calls under 2 keys, for 1 tickets'],
    },
    {
      what: 'nothing where it failed, or repeated itself',
      given: { calls: [call({ outcome: 'broken' }), call(), call({ outcome: 'repeated' })] },
      problems: [],
    },
    {
      what: 'nothing where the clock fired something meanwhile',
      given: {
        ledger: {
          firings: [firing(), firing({ id: 'f2', trigger: 'clean_up', executionIds: ['e2'] })],
          executions: [execution(), execution({ id: 'e2', firingId: 'f2', workflow: 'clean_up' })],
        },
      },
      problems: [],
    },
    {
      what: 'a forgery without a row of its own',
      given: {
        stories: [story(), forgery, forgery],
        ledger: { firings: [firing(), firing({ id: 'f2', state: 'rejected', executionIds: [] })] },
        messages: [message(), { key: 'a1', channel: 'alerts', about: 'f2' }],
      },
      problems: ['a forgery: alerts is 0, not 1', 'a forgery: firing is –, not rejected'],
    },
  ])('names $what', ({ given, problems }) => {
    expect(differences(outcomeOf(given))).toEqual(problems);
  });
});

describe('the table', () => {
  it('tells what became of each event, aligned', () => {
    const stories = [story(), forgery];
    const firings = [firing(), firing({ id: 'f2', state: 'rejected', executionIds: [] })];
    const messages = [message({ page: true }), { key: 'a1', channel: 'alerts', about: 'f2' }];
    expect(tableOf(outcomeOf({ stories, ledger: { firings }, messages }).rows)).toEqual([
      '  event                its sender was answered  firing    execution  attempts    went to         alerts',
      '  TKT-1 Charged twice  200 accepted             accepted  completed  2, rescued  billing, paged  –',
      '  a forgery            401                      rejected  –          –           –               1',
    ]);
  });

  it('sums answers up in the order in which they came first', () => {
    const answers = [null, null, 200, 200, 503].map((status) => wordsOf({ status, verdict: null }));
    expect(summed(answers)).toBe('no answer, 200 ×2, 503');
  });
});
