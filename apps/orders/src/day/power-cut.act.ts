import { register } from './customer.acts.js';
import { order, pay } from './order.acts.js';
import { idOf, importing, newcomer } from './people.js';
import type { Act } from './scene.js';
import { starting } from './story.js';

/**
 * The ledger is out of reach, which keeps nobody from buying; the process dies with changes that are committed and not fired; and
 * somebody writes while no process of the shop is there.
 */
export const powerCut: Act = async (scene) => {
  const { app, shell, tell } = scene;
  const release = await shell.holdLedger();
  tell('somebody holds the ledger; Ida registers, orders a bell and pays it all the same');
  const registered = await register(scene, 'Ida');
  const { story: ordered, id } = await order(scene, 'Ida', { article: 'a bell', totalCents: 700 });
  const paid = await pay(scene, 'Ida', { orderId: id, cents: 700 });
  tell(`kill -9 (process ${app.pid}) when ${await shell.waiting()} changes are committed and none of them is fired`);
  await app.kill();
  await release();
  await shell.run(importing('Jon'));
  tell(`Jon is imported while nobody is there: ${await shell.waiting()} changes wait`);
  await app.start();
  tell(`started again (process ${app.pid})`);
  const told = { what: 'Jon, while no process is there', by: 'SQL', answered: 'COMMIT' };
  const imported = starting(told, 'COMMIT', [newcomer(await idOf(shell, 'Jon'))]);
  return [registered, ordered, paid, imported];
};
