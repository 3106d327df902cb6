import { tally } from 'play';
import type { Cluster } from './cluster.js';
import type { Customer } from './customer.js';
import type { Feed } from './feed.js';
import type { KnownNode } from './ledger.client.js';
import { madeTogether, tasksByNode } from './verdict.js';

/** What the summary speaks of. */
export interface Scene {
  readonly cluster: Cluster;
  readonly customer: Customer;
  readonly feed: Feed;
  /** The processes whose lease holds; none while nobody can be asked. */
  known: readonly KnownNode[];
}

/** Widths; the first three columns hold words. */
const COLUMNS = [10, 9, 13, 8, 9, 11, 11] as const;
const WORDS = 3;
const UNKNOWN = { pools: ['–'], runningTasks: '–', ownedTriggers: '–' } as const;

/** How things stand, as a table. What the ledger says of a node that was killed it says until the lease has run out. */
export function tableOf({ cluster, customer, feed, known }: Scene): string[] {
  const { taken, repeated } = customer;
  const tasks = tasksByNode(taken);
  const deliveries = tally(taken.map(({ by }) => by));
  const rows = cluster.nodes.map(({ name, state }) => {
    const { pools, runningTasks, ownedTriggers } = known.findLast((node) => node.name === name) ?? UNKNOWN;
    const done = [tasks.get(name) ?? 0, deliveries.get(name) ?? 0];
    return rowOf([name, state, pools.join(', '), runningTasks, ownedTriggers, ...done]);
  });
  const { dropped, called, names } = feed;
  return [
    '',
    rowOf(['node', 'state', 'pools', 'running', 'triggers', 'tasks done', 'deliveries']),
    ...rows,
    '',
    `  brought ${dropped} files, ${called} calls · delivered ${taken.length} of ${names.length} · delivered again ${repeated}`,
    '',
  ];
}

/** The same in one line. */
export function lineOf({ cluster, customer, feed }: Scene): string {
  const { taken } = customer;
  const tasks = tasksByNode(taken);
  const nodes = cluster.workers.map(
    ({ name, state }) => `${name} ${state === 'lives' ? (tasks.get(name) ?? 0) : state}`,
  );
  return `brought ${feed.dropped + feed.called}, delivered ${taken.length} of ${feed.names.length} · tasks: ${nodes.join(', ')}`;
}

/** What there is to say when each was done exactly once. */
export function praise({ cluster, customer, feed }: Scene): string[] {
  const effects = customer.effects();
  const tasks = tasksByNode(effects);
  const who = cluster.workers.map(({ name }) => `${name} ${tasks.get(name) ?? 0}`).join(', ');
  return [
    `Every order done exactly once: ${feed.names.length} of ${feed.names.length}.`,
    `  outside    ${effects.length} reports delivered; ${customer.repeated} delivered again under the same key, and recognised`,
    `  ledger     ${effects.length} executions, one for each order, all completed; ${feed.unanswered} calls got no answer and were made again`,
    `  by whom    tasks: ${who}; ${madeTogether(effects)} reports were made by more than one of them`,
  ];
}

/** Words to the left, numbers to the right. */
function rowOf(cells: readonly (string | number)[]): string {
  const padded = cells.map((cell, index) => {
    const width = COLUMNS[index] ?? 0;
    return index < WORDS ? String(cell).padEnd(width) : String(cell).padStart(width);
  });
  return `  ${padded.join(' ')}`;
}
