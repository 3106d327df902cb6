import { IsString, MaxLength } from 'class-validator';
import { parse } from 'csv-parse/sync';

/** An order as it came in: by a file of the inbox, or over HTTP. The text travels along, so no worker needs the folder. */
export class OrderFile {
  @IsString()
  @MaxLength(255)
  readonly name!: string;

  @IsString()
  @MaxLength(65_536)
  readonly text!: string;
}

/** One line of an order. */
export interface OrderLine {
  readonly article: string;
  readonly quantity: number;
  readonly price: number;
}

/**
 * The lines of an order: a JSON array, or a CSV with the header `article,quantity,price`.
 *
 * @throws Error for what is neither
 */
export function linesOf({ name, text }: OrderFile): OrderLine[] {
  const rows: unknown = name.endsWith('.json') ? JSON.parse(text) : parse(text, { columns: true });
  if (!Array.isArray(rows)) throw new Error(`"${name}" holds no list of lines`);
  return rows.map((row: Readonly<Record<string, unknown>>, index) => {
    const line = { article: String(row['article']), quantity: Number(row['quantity']), price: Number(row['price']) };
    if (line.quantity > 0 && line.price >= 0) return line;
    throw new Error(`"${name}", line ${index + 1}: quantity and price must be numbers`);
  });
}
