import { comes } from 'play';
import { addressOf, idOf, importing, newcomer } from './people.js';
import { PATIENCE_MS, customerOf } from './scene.js';
import type { Act, Scene } from './scene.js';
import { idle, starting } from './story.js';
import type { Story } from './story.js';

/** Two people register, as anybody writes such a service. */
export const registrations: Act = async (scene) => {
  scene.tell('Ada and Bea register');
  return [await register(scene, 'Ada'), await register(scene, 'Bea')];
};

/** Somebody registers with the shop. */
export async function register({ shop, customers }: Scene, name: string): Promise<Story> {
  const { status, body } = await shop.call('POST', '/customers', { name, email: addressOf(name) });
  customers.set(name, body.id);
  return starting({ what: `${name} registers`, by: 'save', answered: String(status) }, '201', [newcomer(body.id)]);
}

/** A list of another system: who is known is updated, which is no reason for a welcome. */
export const takeOver: Act = async ({ shop, customers, tell }) => {
  tell('a list of another system comes: Ada is known, Cyd and Dan are new');
  const list = ['Ada', 'Cyd', 'Dan'].map((name) => ({ name: `${name} of the list`, email: addressOf(name) }));
  const { status, body } = await shop.call('PUT', '/customers', list);
  const [, cyd, dan] = (body as unknown as readonly { readonly id: number }[]).map(({ id }) => id);
  customers.set('Cyd', Number(cyd)).set('Dan', Number(dan));
  const told = { what: 'A list: one known, two new', by: 'upsert', answered: String(status) };
  return [starting(told, '200', [newcomer(Number(cyd)), newcomer(Number(dan))])];
};

/** To a delete column both are updates; to the triggers one is a removal and the other an insert. */
export const leaving: Act = async (scene) => {
  const { shop, tell } = scene;
  const id = customerOf(scene, 'Cyd');
  tell('Cyd leaves, and comes back');
  const left = await shop.call('DELETE', `/customers/${id}`);
  const back = await shop.call('POST', `/customers/${id}/return`);
  return [
    starting({ what: 'Cyd leaves', by: 'softRemove', answered: String(left.status) }, '204', [
      { trigger: 'customer_left', id },
    ]),
    starting(
      { what: 'Cyd comes back, and was welcomed once', by: 'restore', answered: String(back.status) },
      '204',
      [{ ...newcomer(id), isRepeat: true }],
      { firing: 'duplicate', execution: '–', mail: '–' },
    ),
  ];
};

/** An import that is tried out first, in a database shell. */
export const rehearsal: Act = async ({ shell, tell }) => {
  tell('somebody tries an import in a database shell, and takes it back');
  await shell.takeBack(importing('Eve'), importing('Fay'));
  return [idle({ what: 'Eve and Fay, taken back', by: 'SQL', answered: 'ROLLBACK' }, 'ROLLBACK')];
};

/** A row that no service would have let through: kept, mended and replayed, while its neighbour is welcomed. */
export const badRow: Act = async ({ shell, admin, tell }) => {
  tell('an import in a database shell: Gus has no address, Hal has one');
  await shell.run(importing('Gus', 'none'), importing('Hal'));
  const gus = await idOf(shell, 'Gus');
  const hal = await idOf(shell, 'Hal');
  const letter = await letterOf(admin);
  const kept = await admin.keptChange(letter);
  tell(`the operator mends the address of ${String(kept.after?.['name'])} and replays what was kept`);
  await shell.run(`UPDATE customers SET email = '${addressOf('Gus')}' WHERE id = ${gus}`);
  const mended = { ...kept, after: { ...kept.after, email: addressOf('Gus') } };
  const verdict = await admin.replay(letter, mended, 'the address was missing');
  const written = { by: 'SQL', answered: 'COMMIT' };
  return [
    starting({ what: 'Gus, who has no address', ...written }, 'COMMIT', [newcomer(gus)], {
      firing: 'rejected',
      execution: '–',
      mail: '–',
    }),
    starting({ what: 'Hal, in the same transaction', ...written }, 'COMMIT', [newcomer(hal)]),
    starting({ what: 'Gus, mended and replayed', by: 'admin API', answered: verdict }, 'accepted', [newcomer(gus)]),
  ];
};

async function letterOf(admin: Scene['admin']): Promise<string> {
  let letter: string | undefined;
  await comes(async () => {
    [letter] = (await admin.letters('new_customer')).map(({ id }) => id);
    return letter !== undefined;
  }, PATIENCE_MS);
  return String(letter);
}
