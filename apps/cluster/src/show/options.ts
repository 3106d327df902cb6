import { parseArgs } from 'node:util';
import { serverOf } from 'play';

const TRANSPORTS = ['bullmq', 'store'] as const;
/** Those that the application can be started with. */
type Transport = (typeof TRANSPORTS)[number];

/** What can be said on the command line. */
export interface ShowOptions {
  /** Orders that come as files. */
  readonly files: number;
  /** Orders that come over HTTP. */
  readonly calls: number;
  /** The time over which they come. */
  readonly seconds: number;
  /** A Postgres server to use; `undefined`: one of our own. */
  readonly database: string | undefined;
  /** How workers come to know which tasks are ready; `undefined`: by BullMQ where there is a Redis. */
  readonly transport: Transport | undefined;
}

/** How it is called. */
export const USAGE = `npm run example:cluster -- [--files 60] [--calls 20] [--seconds 25] [--database postgres://…] [--transport bullmq|store]

  --files     orders that come as files of the inbox
  --calls     orders that come over HTTP
  --seconds   the time over which they come
  --database  a Postgres server; the show makes a database of its own there, and drops it (default: starts a server)
  --transport how workers come to know which tasks are ready: bullmq starts a Redis, which tells them; store lets
              them ask Postgres (default: bullmq where there is a redis-server)
`;

/** @throws Error for what cannot be */
export function readOptions(args: readonly string[]): ShowOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      files: { type: 'string', default: '60' },
      calls: { type: 'string', default: '20' },
      seconds: { type: 'string', default: '25' },
      database: { type: 'string' },
      transport: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const database = serverOf(values.database);
  const [files, calls] = [count('files', values.files, 8), count('calls', values.calls, 1)];
  const transport = values.transport === undefined ? undefined : transportOf(values.transport);
  return { files, calls, seconds: count('seconds', values.seconds, 1), database, transport };
}

function transportOf(text: string): Transport {
  const transport = TRANSPORTS.find((known) => known === text);
  if (transport !== undefined) return transport;
  throw new Error(`--transport is "${text}"; use ${TRANSPORTS.join(' or ')}.`);
}

/** Fewer than `least` would be over before anything can happen to it. */
function count(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= 500) return value;
  throw new Error(`--${name} is "${text}"; use a whole number from ${least} to 500.`);
}
