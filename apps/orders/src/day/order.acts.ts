import { customerOf } from './scene.js';
import type { Act, Scene } from './scene.js';
import { idle, starting } from './story.js';
import type { Story } from './story.js';

/** One order that stands, and one that is taken back when its row, and what the trigger wrote of it, are there already. */
export const orders: Act = async (scene) => {
  const { shop, shell, tell } = scene;
  tell('Ada orders an anvil, and then twenty, which is beyond her credit');
  const { story } = await order(scene, 'Ada', { article: 'an anvil', totalCents: 20_000 });
  const tooMuch = { customerId: customerOf(scene, 'Ada'), article: 'twenty anvils', totalCents: 400_000 };
  const { status } = await shop.call('POST', '/orders', tooMuch);
  tell(`the second is answered ${status} and rolled back: ${await shell.count('orders')} of the two is there`);
  return [
    story,
    idle({ what: 'Ada orders too much: rolled back', by: 'transaction', answered: String(status) }, '409'),
  ];
};

/** A payment that stands, and one that is refused after the shop has fired. */
export const payments: Act = async (scene) => {
  const { shop, shell, tell } = scene;
  tell('Bea orders a rope and pays it, and then pays it once more');
  const { story, id } = await order(scene, 'Bea', { article: 'a rope', totalCents: 3_000 });
  const paid = await pay(scene, 'Bea', { orderId: id, cents: 3_000 });
  const again = await shop.call('POST', '/payments', { orderId: id, cents: 3_000 });
  tell(`the second is answered ${again.status} and rolled back: ${await shell.count('payments')} of the two is there`);
  const by = 'fire(…, { manager })';
  return [
    story,
    paid,
    idle({ what: 'Bea pays again: it throws after fire', by, answered: String(again.status) }, '409'),
  ];
};

/** An order that stands. */
export async function order(
  scene: Scene,
  name: string,
  what: { readonly article: string; readonly totalCents: number },
): Promise<{ readonly story: Story; readonly id: number }> {
  const { status, body } = await scene.shop.call('POST', '/orders', { customerId: customerOf(scene, name), ...what });
  const told = { what: `${name} orders ${what.article}`, by: 'transaction', answered: String(status) };
  return { story: starting(told, '201', [{ trigger: 'order_placed', id: body.id }]), id: body.id };
}

/** A payment that stands. */
export async function pay(
  { shop }: Scene,
  name: string,
  payment: { readonly orderId: number; readonly cents: number },
): Promise<Story> {
  const { status, body } = await shop.call('POST', '/payments', payment);
  const told = { what: `${name} pays`, by: 'fire(…, { manager })', answered: String(status) };
  return starting(told, '201', [{ trigger: 'payment_received', id: body.id }]);
}
