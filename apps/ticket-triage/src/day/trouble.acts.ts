import { comes } from 'play';
import { PATIENCE_MS } from './scene.js';
import type { Act, Scene } from './scene.js';
import type { Story } from './story.js';
import { ticket } from './tickets.js';

const HARD_QUESTION_MS = 2_000;

/** The model answers 429 and says when to come back. */
export const limitedModel: Act = async (scene, before) => {
  await quiet(scene, before);
  scene.tell('11:00  the model is limited: 429, Retry-After: 1');
  scene.model.troubles = ['limited'];
  return Promise.all([
    ticket(scene, { number: 1009, subject: 'Charge in a foreign currency' }, { wentTo: 'billing', attempts: 2 }),
    ticket(scene, { number: 1010, subject: 'Change the owner of my account' }, { wentTo: 'accounts', attempts: 2 }),
  ]);
};

/** The first call is answered 500, the second one not at all, the third one well. */
export const shortOutage: Act = async (scene, before) => {
  await quiet(scene, before);
  scene.tell('12:00  the model answers 500, then not at all, then recovers');
  scene.model.troubles = ['broken', 'silent'];
  return Promise.all([
    ticket(scene, { number: 1011, subject: 'The status page is unreachable' }, { wentTo: 'operations', attempts: 3 }),
    ticket(scene, { number: 1012, subject: 'Invoice for March' }, { wentTo: 'billing', attempts: 3 }),
  ]);
};

/** No attempt is left when the model comes back: somebody is told, and an operator lets the execution go on. */
export const longOutage: Act = async (scene, before) => {
  await quiet(scene, before);
  const { model, admin, tell } = scene;
  tell('13:00  the model is down for longer than we try');
  model.troubles = [];
  model.isDown = true;
  const expected = { wentTo: 'accounts', attempts: 5, alerts: 1 };
  const story = await ticket(scene, { number: 1013, subject: 'Forgot my password' }, expected);
  const [executionId = ''] = await executionsOf(scene, story.firingId);
  await comes(async () => (await admin.execution(executionId)).state === 'failed', PATIENCE_MS);
  model.isDown = false;
  tell('13:20  the model is back; the operator, who got an alert, retries what failed');
  await admin.retry(executionId, 'the model is back');
  return [story];
};

/** While it is disabled its events wait, and start in the order in which they came. */
export const maintenance: Act = async (scene) => {
  const { admin, tell } = scene;
  tell('14:00  an operator disables the trigger; two tickets arrive; it is enabled again');
  await admin.setEnabled('tickets', false, 'moving the helpdesk');
  const expected = { wentTo: 'support', answered: '202 kept' };
  const stories = [
    await ticket(scene, { number: 1014, subject: 'Do you have an office in Rome?' }, expected),
    await ticket(scene, { number: 1015, subject: 'Do you ship to Norway?' }, expected),
  ];
  await admin.setEnabled('tickets', null, 'moved');
  return stories;
};

/** kill -9 while the model thinks about tickets that were acknowledged; one more arrives while nobody is there. */
export const powerCut: Act = async (scene, before) => {
  await quiet(scene, before);
  const { app, model, tell } = scene;
  const { latencyMs } = model;
  model.latencyMs = HARD_QUESTION_MS; // so that it is not over before the power is cut
  const stories = await Promise.all([
    ticket(scene, { number: 1016, subject: 'Error 503 in the shop' }, { wentTo: 'operations' }),
    ticket(scene, { number: 1017, subject: 'Refund for a broken anvil' }, { wentTo: 'billing' }),
    ticket(scene, { number: 1018, subject: 'Close my account' }, { wentTo: 'accounts' }),
  ]);
  await comes(() => model.thinking > 0, PATIENCE_MS);
  tell(`15:00  kill -9 (process ${app.pid}) while the model thinks about ${model.thinking} tickets`);
  await app.kill();
  model.latencyMs = latencyMs;
  const expected = { wentTo: 'support', answered: 'no answer, 200 accepted' };
  const unanswered = ticket(scene, { number: 1019, subject: 'Is anybody there?' }, expected);
  await comes(() => scene.ticketSystem.answers.at(-1)?.status === null, PATIENCE_MS);
  await app.start();
  tell(`15:01  started again (process ${app.pid}); the ticket system tries again what nobody answered`);
  return [...stories, await unanswered];
};

/** kill -9 when a team has the message and nobody here knows it yet: it is sent again, under the key of the first one. */
export const lostAnswer: Act = async (scene, before) => {
  await quiet(scene, before);
  const { app, helpdesk, tell } = scene;
  helpdesk.answers = false;
  const story = await ticket(scene, { number: 1020, subject: 'Payment by cheque' }, { wentTo: 'billing' });
  await comes(() => helpdesk.taken.some(({ ticketId }) => ticketId === story.ticketId), PATIENCE_MS);
  tell(`16:00  kill -9 (process ${app.pid}) when a team has its message, and before it could answer`);
  await app.kill();
  helpdesk.answers = true;
  await app.start();
  tell(`16:01  started again (process ${app.pid})`);
  return [story];
};

/** Until all that was accepted so far has ended: what is wrong with the model next shall not meet it. */
async function quiet(scene: Scene, before: readonly Story[]): Promise<void> {
  const ids = (await Promise.all(before.map(({ firingId }) => executionsOf(scene, firingId)))).flat();
  for (const id of ids) await comes(async () => (await scene.admin.execution(id)).state === 'completed', PATIENCE_MS);
}

async function executionsOf({ admin }: Scene, firingId: string | null): Promise<readonly string[]> {
  const firings = await admin.firings('tickets');
  return firings.find(({ id }) => id === firingId)?.executionIds ?? [];
}
