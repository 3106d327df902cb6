import { comes } from 'play';
import { PATIENCE_MS, contractOf, customerOf } from './scene.js';
import type { Act, Scene } from './scene.js';
import { idle, starting, summed } from './story.js';
import type { Claim } from './story.js';

/** Contracts are made; nobody has to look at them for that. */
export const contracts: Act = async (scene) => {
  const { shop, contracts, tell } = scene;
  tell('six contracts are drawn up and become active');
  const drawn: number[] = [];
  const active: number[] = [];
  for (const name of ['Ada', 'Ada', 'Bea', 'Bea', 'Dan', 'Dan']) {
    const contract = { customerId: customerOf(scene, name), monthlyCents: 4_900 };
    const { status, body } = await shop.call('POST', '/contracts', contract);
    contracts.push(body.id);
    drawn.push(status);
    active.push((await shop.call('PATCH', `/contracts/${body.id}`, { status: 'active' })).status);
  }
  return [
    idle({ what: 'Six contracts, which nobody watches', by: 'save', answered: answersOf(drawn) }, '201 ×6'),
    idle({ what: 'They become active: `when` says no', by: 'save', answered: answersOf(active) }, '200 ×6'),
  ];
};

/** The same change in three ways, and one of a column that the trigger does not name. */
export const changes: Act = async (scene) => {
  const { shop, shell, tell } = scene;
  tell('contracts are suspended by the shop, by a bulk update, and in a database shell; all become dearer');
  const saved = await shop.call('PATCH', `/contracts/${contractOf(scene, 0)}`, { status: 'suspended' });
  await shell.run(`UPDATE contracts SET status = 'ended' WHERE id = ${contractOf(scene, 1)}`);
  const bulk = await shop.call('POST', '/contracts/suspend', { customerId: customerOf(scene, 'Bea') });
  const raised = await shop.call('POST', '/contracts/raise', { percent: 5 });
  return [
    starting({ what: 'A contract is suspended', by: 'save', answered: String(saved.status) }, '200', [
      review(scene, 0),
    ]),
    starting({ what: 'A contract is ended', by: 'SQL', answered: 'COMMIT' }, 'COMMIT', [review(scene, 1)]),
    starting({ what: 'All of Bea are suspended', by: 'QueryBuilder', answered: String(bulk.status) }, '201', [
      review(scene, 2),
      review(scene, 3),
    ]),
    idle({ what: 'All become dearer: not in `columns`', by: 'QueryBuilder', answered: String(raised.status) }, '201'),
  ];
};

/** While it is disabled its changes wait, and start in the order in which they came. */
export const maintenance: Act = async (scene) => {
  const { shop, admin, tell } = scene;
  tell('an operator disables contract_review; two contracts change; it is enabled again');
  await admin.setEnabled('contract_review', false, 'the lawyers are on holiday');
  const statuses: number[] = [];
  for (const at of [4, 5]) {
    statuses.push((await shop.call('PATCH', `/contracts/${contractOf(scene, at)}`, { status: 'ended' })).status);
  }
  let held = 0;
  await comes(async () => {
    held = (await admin.firings('contract_review')).filter(({ state }) => state === 'held').length;
    return held === statuses.length;
  }, PATIENCE_MS);
  await admin.setEnabled('contract_review', null, 'they are back');
  const seen = summed(Array.from({ length: held }, () => 'held'));
  const told = { what: 'Two end while nobody may look', by: 'save', answered: answersOf(statuses), seen };
  const firing = 'held ×2, then accepted ×2';
  return [starting(told, '200 ×2', [review(scene, 4), review(scene, 5)], { firing })];
};

function review(scene: Scene, at: number): Claim {
  return { trigger: 'contract_review', id: contractOf(scene, at) };
}

function answersOf(statuses: readonly number[]): string {
  return summed(statuses.map(String));
}
