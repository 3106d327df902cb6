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

/** @throws Error for what is no option, and what is no Postgres server */
export function readOptions(args: readonly string[]): DayOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      database: { type: 'string' },
      stay: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { database, stay } = values;
  if (database !== undefined && !isPostgres(database)) {
    throw new Error('--database takes the URL of a Postgres server: postgres://user:password@host:5432/postgres');
  }
  return { database, stay };
}

function isPostgres(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url) && URL.canParse(url);
}
