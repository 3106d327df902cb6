import { CAPTURE, OUTBOX, literal, quoted } from './capture-sql.js';
import type { CaptureSql, CaptureTrigger } from './capture-sql.js';
import { fingerprint } from './watched-table.js';
import type { RowOperation, WatchedTable } from './watched-table.js';

/** The channel that wakes relays; what it says is the schema of the outbox, after {@link OUTBOX_GONE} where there is no outbox. */
export const OUTBOX_CHANNEL = 'triggers_outbox';
/** Somebody has dropped the outbox: what was just written is not captured. */
export const OUTBOX_GONE = 'gone:';
/** The setting that says which execution writes; `<execution id>:<depth>`. */
export const CAUSE_SETTING = 'nestjs_triggers.cause';
const CAUSE = `nullif(current_setting('${CAUSE_SETTING}', true), '')`;
/**
 * A connection that writes without a pause wakes relays so often at most, because NOTIFY makes commits wait for each other. Relays that
 * were woken look again often enough for as long.
 */
const WAKE_EVERY_S = 1;
/** And where there is no outbox, which nobody looks for by themselves: so often. */
const GONE_EVERY_S = 0.1;
const WARN = "RAISE WARNING 'A change of % is not captured: there is no table triggers_outbox.', TG_ARGV[0];";

/** The words of SQL, as `TG_OP` has them. */
const EVENTS: Readonly<Record<RowOperation, string>> = { insert: 'INSERT', update: 'UPDATE', delete: 'DELETE' };

/**
 * Capture on Postgres: one function, and one trigger for each table, which is told what to do by its arguments. Nothing names a
 * column in a way that the database knows of: whoever drops, renames or retypes one is not stopped, and no write fails afterwards.
 *
 * The function runs with the rights of who made it, so that others who may write the table need none on the outbox.
 *
 * @param schema where outbox and function live
 */
export function postgresCapture(tables: readonly WatchedTable[], schema: string): CaptureSql {
  const outbox = `${quoted(schema)}.${quoted(OUTBOX)}`;
  const body = captureFunction(outbox, schema);
  const capture = `${quoted(schema)}.${quoted(`${CAPTURE}${fingerprint(body)}`)}`;
  return {
    prepare: [
      outboxTable(outbox),
      // Nobody else makes triggers that write into the outbox; whoever writes a table needs no right on it.
      `CREATE OR REPLACE FUNCTION ${capture}() ${body};\nREVOKE ALL ON FUNCTION ${capture}() FROM PUBLIC`,
    ],
    triggers: tables.map((table) => triggerOf(table, schema, capture)),
  };
}

function triggerOf(table: WatchedTable, schema: string, capture: string): CaptureTrigger {
  const on = `${quoted(table.schema ?? schema)}.${quoted(table.name)}`;
  const events = table.operations.map((operation) => EVENTS[operation]).join(' OR ');
  const told = [table.path, ...(table.changed ?? [])].map(literal).join(', ');
  const body = `AFTER ${events} ON ${on} FOR EACH ROW EXECUTE FUNCTION ${capture}(${told})`;
  const name = `${CAPTURE}${fingerprint(body)}`;
  return { name, table: on, create: `CREATE TRIGGER ${quoted(name)} ${body}` };
}

function outboxTable(outbox: string): string {
  return `CREATE TABLE IF NOT EXISTS ${outbox} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key uuid,
  entity text NOT NULL,
  operation text NOT NULL,
  old text,
  new text,
  cause text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`;
}

function captureFunction(outbox: string, schema: string): string {
  const places = { '{outbox}': outbox, '{name}': literal(outbox), '{schema}': literal(schema) };
  return CAPTURE_FUNCTION.replace(/\{(?:outbox|name|schema)\}/g, (place) => places[place as keyof typeof places]);
}

/** Tells relays something and does what comes with it, unless this connection did so a moment ago: a setting of it says when, in seconds. */
function notify(what: string, everySeconds: number, setting: string, andThen = ''): string {
  const now = "date_part('epoch', clock_timestamp())";
  return `IF abs(${now} - coalesce(nullif(current_setting('${setting}', true), '')::float8, 0)) > ${everySeconds} THEN
    PERFORM set_config('${setting}', ${now}::text, false);
    PERFORM pg_notify('${OUTBOX_CHANNEL}', ${what});
    ${andThen}
  END IF;`;
}

/**
 * Where somebody has dropped the outbox, what is written is not captured, and that is told: to the relay, which makes it again, and as a
 * warning. To look for it by its name is cheap; to catch the error of the insert costs a subtransaction for each row.
 *
 * An insert has a branch of its own, and few expressions: PL/pgSQL prepares each of them anew in every transaction, which costs more than
 * to evaluate it.
 *
 * Values are compared by their JSON, because not every type knows equality. Should that fail (a `json` with a NUL in it), the change
 * counts: the relay looks again, and a write of the application never fails because of us.
 */
const CAPTURE_FUNCTION = `RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $capture$
DECLARE
  old_row json;
  new_row json;
  changed boolean := false;
BEGIN
  IF to_regclass({name}) IS NULL THEN
    ${notify(`'${OUTBOX_GONE}' || {schema}`, GONE_EVERY_S, 'nestjs_triggers.gone_at', WARN)}
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' THEN
    INSERT INTO {outbox} (entity, operation, new, cause)
    VALUES (TG_ARGV[0], 'insert', row_to_json(NEW)::text, ${CAUSE});
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO {outbox} (entity, operation, old, cause)
    VALUES (TG_ARGV[0], 'delete', row_to_json(OLD)::text, ${CAUSE});
  ELSIF OLD *= NEW THEN
    RETURN NULL;
  ELSE
    old_row := row_to_json(OLD);
    new_row := row_to_json(NEW);
    IF TG_NARGS > 1 THEN
      BEGIN
        FOR i IN 1 .. TG_NARGS - 1 LOOP
          changed := changed OR (old_row -> TG_ARGV[i])::text IS DISTINCT FROM (new_row -> TG_ARGV[i])::text;
        END LOOP;
      EXCEPTION WHEN OTHERS THEN
        changed := true;
      END;
      IF NOT changed THEN
        RETURN NULL;
      END IF;
    END IF;
    INSERT INTO {outbox} (entity, operation, old, new, cause)
    VALUES (TG_ARGV[0], 'update', old_row::text, new_row::text, ${CAUSE});
  END IF;
  ${notify('{schema}', WAKE_EVERY_S, 'nestjs_triggers.told_at')}
  RETURN NULL;
END
$capture$`;
