import type { DatabaseShell } from './database-shell.js';
import type { Claim } from './story.js';

export function addressOf(name: string): string {
  return `${name.toLowerCase()}@example.com`;
}

/** That somebody is new. */
export function newcomer(id: number): Claim {
  return { trigger: 'new_customer', id };
}

/** As somebody in a database shell writes it. */
export function importing(name: string, email = addressOf(name)): string {
  return `INSERT INTO customers (name, email) VALUES ('${name}', '${email}')`;
}

/** Of somebody who did not come through the shop. */
export async function idOf(shell: DatabaseShell, name: string): Promise<number> {
  const [row] = await shell.run(`SELECT id FROM customers WHERE name = '${name}'`);
  return Number(row?.['id']);
}
