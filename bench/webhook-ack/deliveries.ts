import { fileURLToPath } from 'node:url';
import { ChildProgram } from '../harness/child-program.js';
import type { Sample } from '../harness/rounds.js';
import type { Answered, Load } from './sender/load.js';
import type { Server } from './servers/server.js';

const SENDER = fileURLToPath(new URL('sender/sender.main.js', import.meta.url));
/** Kept-alive connections that deliveries come on. */
export const CONNECTIONS = 64;

let loads = 0;

/** So many deliveries that nobody has sent before, as fast as they are answered. */
export function newLoad({ port }: Server, count: number): Load {
  const [name, time] = [`load${loads++}`, Math.floor(Date.now() / 1_000)];
  return { port, connections: CONNECTIONS, count, name, time, perSecond: null, expects: 'accepted' };
}

/** Ends when what the deliveries have left to be done is done, too: the next round finds nobody at work. */
export async function send(server: Server, load: Load): Promise<Sample> {
  const sender = new ChildProgram<Answered | null>(SENDER, [JSON.stringify(load)]);
  await sender.next();
  const done = load.expects === 'accepted' ? server.done(load.count) : Promise.resolve();
  const before = process.cpuUsage();
  const { seconds, p50, p99 } = (await sender.ask())!;
  const { user, system } = process.cpuUsage(before);
  await done;
  await sender.letGo();
  return { perSecond: load.count / seconds, p50, p99, cpu: (user + system) / load.count };
}
