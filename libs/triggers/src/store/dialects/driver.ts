import { TriggersError } from '../../model/errors.js';

/**
 * Loads an optional database driver only when its dialect is used.
 *
 * @throws TRG_DEF_MISSING_DRIVER with the install line
 */
export async function loadDriver(name: 'better-sqlite3' | 'pg'): Promise<unknown> {
  try {
    const loaded = (await (name === 'pg' ? import('pg') : import('better-sqlite3'))) as { default?: unknown };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new TriggersError(
      'TRG_DEF_MISSING_DRIVER',
      `The ${name === 'pg' ? 'Postgres' : 'SQLite'} store needs the package "${name}". Install it: npm install ${name}`,
      { cause },
    );
  }
}
