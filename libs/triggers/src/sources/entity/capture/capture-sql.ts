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
