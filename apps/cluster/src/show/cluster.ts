import type { Closable } from 'play';
import { NodeProcess } from './node-process.js';

/** The worker that serves pool `gpu`, which no other does, and only that. */
export const GPU_WORKER = 'worker-3';

/** The lease is short here, so that the show need not wait half a minute for what was killed; by default it is 30 s. */
const LEASE = '3s';
/** Few, so that a fan-out of four does not fit into one worker. */
const CONCURRENCY = '2';

/** Where the processes find what they need. */
export interface Surroundings {
  readonly database: string;
  /** `undefined`: they do without. */
  readonly redis: string | undefined;
  readonly inbox: string;
  readonly deliverTo: string;
  readonly token: string;
  /** For their logs. */
  readonly folder: string;
}

/** Four processes of one program: who serves and polls, and three who work. */
export class Cluster implements Closable {
  readonly scheduler: NodeProcess;
  readonly workers: readonly NodeProcess[];

  constructor({ database, redis, inbox, deliverTo, token, folder }: Surroundings) {
    const shared = { TRIGGERS_DATABASE: database, REDIS_URL: redis ?? '', LEASE };
    const working = { ...shared, ROLES: 'worker', DELIVER_TO: deliverTo, CONCURRENCY };
    const make = (name: string, env: Record<string, string>): NodeProcess => new NodeProcess({ name, env, folder });
    this.scheduler = make('scheduler', {
      ...shared,
      ROLES: 'api,scheduler',
      INBOX_DIR: inbox,
      TRIGGERS_ADMIN_TOKEN: token,
    });
    this.workers = [
      make('worker-1', { ...working, POOLS: 'default' }),
      make('worker-2', { ...working, POOLS: 'default' }),
      make(GPU_WORKER, { ...working, POOLS: 'gpu' }),
    ];
  }

  get nodes(): readonly NodeProcess[] {
    return [this.scheduler, ...this.workers];
  }

  /** All at once, on a database that is empty: one of them makes the tables, the others wait for it. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  /** @returns the names of those that did not end well; one that was killed on purpose did */
  async stop(): Promise<string[]> {
    const ended = await Promise.all(this.nodes.map(async (node) => ({ node, well: await node.endsWell() })));
    return ended.filter(({ well }) => !well).map(({ node }) => `${node.name} ${node.state}`);
  }

  /** What is not stopped by now is killed. */
  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }
}
