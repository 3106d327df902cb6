/** The table in the application's database that changes wait in until they are fired. */
export const OUTBOX = 'triggers_outbox';

/** What every SQL trigger and function of ours is called by, so that nothing else is ever dropped. */
export const CAPTURE = 'triggers_capture_';

/** One of our SQL triggers, as it should be: by its name, which changes with whatever it does. */
export interface CaptureTrigger {
  readonly name: string;
  /** The table that it stands on, quoted. */
  readonly table: string;
  readonly create: string;
}

/** Everything that an application's database needs, and how it is made. */
export interface CaptureSql {
  /** The outbox, and what the triggers call. Does nothing where they exist. */
  readonly prepare: readonly string[];
  readonly triggers: readonly CaptureTrigger[];
}

/** An identifier in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * How far an installation goes: `all` drops whatever is ours and not needed; `own` only on these tables; `lost` touches no table on which
 * anything of ours stands: another version of the application may have put it there, and with two of them each change would fire twice.
 */
export type InstallReach = 'all' | 'own' | 'lost';

/** One of our SQL triggers that stands. */
export type StandingTrigger = Pick<CaptureTrigger, 'name' | 'table'>;

/** What is to be made and dropped so that these triggers stand; see {@link InstallReach}. */
export function changesOf<S extends StandingTrigger>(
  wanted: readonly CaptureTrigger[],
  standing: readonly S[],
  reach: InstallReach,
): { readonly missing: readonly CaptureTrigger[]; readonly stale: readonly S[] } {
  const names = new Set(standing.map(({ name }) => name));
  const taken = new Set(reach === 'lost' ? standing.map(({ table }) => table) : []);
  const missing = wanted.filter(({ name, table }) => !names.has(name) && !taken.has(table));
  const needed = new Set(wanted.map(({ name }) => name));
  const own = new Set(wanted.map(({ table }) => table));
  const isStale = ({ name, table }: S): boolean => !needed.has(name) && (reach === 'all' || own.has(table));
  return { missing, stale: reach === 'lost' ? [] : standing.filter(isStale) };
}
