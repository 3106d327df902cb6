import type { MessageBody } from '../message-source.js';

/** An entry as Redis answers it: its id, and its fields and values in turns. `null`: it was deleted from the stream. */
export type StreamEntry = readonly [id: string, fields: readonly string[] | null];

/** Body and headers of an entry. */
export function contentOf(
  fields: readonly string[],
  bodyField: string | null,
): { readonly body: MessageBody; readonly headers: Readonly<Record<string, string>> } {
  const values = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) values.set(fields[at] as string, fields[at + 1] as string);
  if (bodyField === null) return { body: { json: Object.fromEntries(values) }, headers: {} };
  const text = values.get(bodyField);
  values.delete(bodyField);
  const headers = Object.fromEntries(values);
  if (text !== undefined) return { body: { text }, headers };
  const unreadable = `The entry has no field "${bodyField}".`;
  return { body: { text: JSON.stringify(headers), unreadable }, headers };
}

/** When an entry was added: ids begin with the milliseconds, unless whoever added it chose another. */
export function addedAt(id: string): Date | null {
  const at = new Date(Number(id.split('-')[0]));
  return Number.isNaN(at.getTime()) ? null : at;
}
