import { parseArgs } from 'node:util';

/** What can be said on the command line. */
export interface DayOptions {
  /** A Postgres server; `undefined`: SQLite files. */
  readonly database: string | undefined;
  /** The application stays when the day is over, so that one can look around. */
  readonly stay: boolean;
}

/** How it is called. */
export const USAGE = `npm run example:orders -- [--database postgres://…] [--stay]

  --database  a Postgres server; the day makes a database of its own there, and drops it (default: two SQLite files)
  --stay      the application goes on when the day is over, until Ctrl-C, so that you can look around
`;

/** @throws Error for what is no option */
export function readOptions(args: readonly string[]): DayOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      database: { type: 'string' },
      stay: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values.help ? 'help' : { database: values.database, stay: values.stay };
}
