import { parseArgs } from 'node:util';

/** What can be said on the command line of a day. */
export interface DayOptions {
  /** A Postgres server; `undefined`: SQLite files. */
  readonly database: string | undefined;
  /** The application stays when the day is over, so that one can look around. */
  readonly stay: boolean;
}

/** How a day is called. @param files where its data are without a server */
export function dayUsage(name: string, files: string): string {
  return `npm run example:${name} -- [--database postgres://…] [--stay]

  --database  a Postgres server; the day makes a database of its own there, and drops it (default: ${files})
  --stay      the application goes on when the day is over, until Ctrl-C, so that you can look around
`;
}

/** @throws Error for what is no option, and what is no Postgres server */
export function readDayOptions(args: readonly string[]): DayOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      database: { type: 'string' },
      stay: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values.help ? 'help' : { database: serverOf(values.database), stay: values.stay };
}

/** What `--database` names. @throws Error for what is no Postgres server */
export function serverOf(database: string | undefined): string | undefined {
  if (database === undefined || (/^postgres(ql)?:\/\//.test(database) && URL.canParse(database))) return database;
  throw new Error('--database takes the URL of a Postgres server: postgres://user:password@host:5432/postgres');
}
