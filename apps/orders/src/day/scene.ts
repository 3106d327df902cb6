import type { AppProcess } from 'play';
import type { AdminClient } from './admin.client.js';
import type { DatabaseShell } from './database-shell.js';
import type { Post } from './post.js';
import type { ShopClient } from './shop.client.js';
import type { Story } from './story.js';

/** Everybody who takes part in the day, and what is there by now. */
export interface Scene {
  readonly app: AppProcess;
  readonly shop: ShopClient;
  readonly shell: DatabaseShell;
  readonly post: Post;
  readonly admin: AdminClient;
  /** Customers by name. */
  readonly customers: Map<string, number>;
  /** Contracts, in the order in which they were drawn up. */
  readonly contracts: number[];
  readonly tell: (text: string) => void;
}

/** A part of the day: what happens in it, and what should come of that. */
export type Act = (scene: Scene) => Promise<Story[]>;

/** How long an act waits for what it has started. */
export const PATIENCE_MS = 30_000;

/** The id of somebody who is a customer. @throws Error otherwise */
export function customerOf({ customers }: Scene, name: string): number {
  const id = customers.get(name);
  if (id === undefined) throw new Error(`${name} is no customer`);
  return id;
}

/** A contract, counted from 0. @throws Error when there are fewer */
export function contractOf({ contracts }: Scene, at: number): number {
  const id = contracts[at];
  if (id === undefined) throw new Error(`There are only ${contracts.length} contracts`);
  return id;
}
