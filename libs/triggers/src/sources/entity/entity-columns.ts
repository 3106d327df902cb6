import type { EntityMetadata } from 'typeorm';
import { TriggersError } from '../../model/errors.js';
import { quoteAll } from '../../model/text.js';

/**
 * The names in the database of columns that are given by their properties; an embedded class or a relation stands for all of its
 * columns.
 *
 * @param names the option `columns`; `undefined` is every column, `null`
 * @throws TRG_DEF_INVALID_OPTION
 */
export function columnsOf(metadata: EntityMetadata, names: unknown, where: string): readonly string[] | null {
  if (names === undefined) return null;
  if (!Array.isArray(names) || names.length === 0) {
    const shown = JSON.stringify(names);
    throw refuse(`${where}, option "columns" is ${shown}; it takes names of properties, or leave it out.`);
  }
  return names.flatMap((name: unknown) => columnsNamed(metadata, String(name), where));
}

function columnsNamed(metadata: EntityMetadata, name: string, where: string): readonly string[] {
  const stored = metadata.columns.filter(({ isVirtualProperty }) => !isVirtualProperty);
  const columns = stored.filter(({ propertyPath }) => propertyPath === name || propertyPath.startsWith(`${name}.`));
  if (columns.length > 0) return columns.map(({ databaseName }) => databaseName);
  const known = quoteAll(stored.map(({ propertyPath }) => propertyPath));
  throw refuse(`${where}, option "columns": "${metadata.name}" has no column "${name}". Known: ${known}.`);
}

function refuse(message: string): TriggersError {
  return new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
