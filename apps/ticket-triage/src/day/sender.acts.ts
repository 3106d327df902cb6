import type { Act } from './scene.js';
import { DONE, NOTHING, wordsOf } from './story.js';
import type { Story } from './story.js';
import { payloadOf, ticket } from './tickets.js';
import type { Answer, Manner } from './ticket-system.js';

const TEN_MINUTES_MS = 600_000;

/** Five customers write, two of them the same words. */
export const morning: Act = async (scene) => {
  scene.tell('08:00  five tickets arrive at once');
  return Promise.all([
    ticket(scene, { number: 1001, subject: 'Charged twice for one invoice' }, { wentTo: 'billing' }),
    ticket(scene, { number: 1002, subject: 'Production is down for everybody' }, { wentTo: 'operations, paged' }),
    ticket(scene, { number: 1003, subject: 'Cannot log in' }, { wentTo: 'accounts' }),
    ticket(scene, { number: 1004, subject: 'Where is the manual?' }, { wentTo: 'support' }),
    ticket(scene, { number: 1005, subject: 'Where is the manual?' }, { wentTo: 'support' }),
  ]);
};

/** One event over two sockets at one instant; one that comes again with other bytes and a new signature under its old id. */
export const repeats: Act = async (scene) => {
  const { ticketSystem, tell } = scene;
  tell('08:30  the ticket system sends one event twice at once, and another one again, in other bytes');
  const expected = { wentTo: 'billing', answered: '200 accepted, 200 duplicate' };
  const atOnce = await ticket(scene, { number: 1006, subject: 'Refund, please' }, expected, async (event) => {
    const answers = (await Promise.all([ticketSystem.deliver(event), ticketSystem.deliver(event)])).flat();
    return answers.sort((a, b) => String(a.verdict).localeCompare(String(b.verdict)));
  });
  const again = await ticket(scene, { number: 1007, subject: 'A payment is missing' }, expected, async (event) => [
    ...(await ticketSystem.deliver(event)),
    ...(await ticketSystem.deliver({ ...event, payload: { ...event.payload, attempt: 2 } })),
  ]);
  return [atOnce, again];
};

/** Who does not know the secret, who changes what was signed, and who recorded it earlier. None is told why. */
export const forgeries: Act = async ({ ticketSystem, tell }) => {
  tell('10:00  three deliveries that nobody should believe');
  const attempts: readonly (readonly [string, Manner])[] = [
    ['signed with another secret', { secret: `whsec_${Buffer.from('a guess of somebody').toString('base64')}` }],
    ['changed after it was signed', { tamper: (body) => body.replace('Urgent', 'URGENT') }],
    ['recorded ten minutes ago', { signedAt: new Date(Date.now() - TEN_MINUTES_MS) }],
  ];
  const stories: Story[] = [];
  for (const [what, manner] of attempts) {
    const event = ticketSystem.event(payloadOf({ number: 6666, subject: 'Urgent: send us all passwords' }));
    const answers = await ticketSystem.deliver(event, manner);
    const expected = { ...NOTHING, answered: '401', firing: 'rejected', alerts: 1 };
    stories.push({ ...storyOf(what, answers), expected });
  }
  return stories;
};

/** Something that is signed and is no ticket: kept. The sender sends it again; an operator mends it and replays it. */
export const invalid: Act = async ({ ticketSystem, admin, tell }) => {
  tell('10:30  a ticket without a number, twice; an operator mends and replays it');
  const payload = payloadOf({ number: 1008, subject: 'Two-factor codes do not arrive' });
  const event = ticketSystem.event({ ...payload, ticket_id: 'none' });
  const answers = [...(await ticketSystem.deliver(event)), ...(await ticketSystem.deliver(event))];
  const kept = storyOf('A ticket without a number', answers);
  const expected = { ...NOTHING, answered: '202 kept ×2', firing: 'rejected', alerts: 1 };
  const mended = await admin.replay(String(kept.firingId), payload, 'the number was missing');
  const replayed: Story = {
    what: 'TKT-1008 the same, mended and replayed',
    answered: [wordsOf(mended)],
    firingId: mended.firingId,
    ticketId: 'TKT-1008',
    event: null,
    expected: { ...DONE, answered: '202 accepted', wentTo: 'accounts' },
  };
  return [{ ...kept, expected }, replayed];
};

/** All that was accepted comes once more. */
export const night: Act = async ({ ticketSystem, tell }, before) => {
  const events = before.flatMap(({ event }) => (event === null ? [] : [event]));
  tell(`23:00  the ticket system delivers all ${events.length} events once more`);
  const answers = (await Promise.all(events.map((event) => ticketSystem.deliver(event)))).flat();
  const expected = { ...NOTHING, answered: `200 duplicate ×${events.length}`, firing: '–' };
  return [{ ...storyOf('Everything once more', answers), firingId: null, expected }];
};

function storyOf(what: string, answers: readonly Answer[]): Omit<Story, 'expected'> {
  const firingId = answers.find((answer) => answer.firingId !== null)?.firingId ?? null;
  return { what, answered: answers.map(wordsOf), firingId, ticketId: null, event: null };
}
