import type { SignedParts } from './signature.js';

/** What a template is filled with. */
export interface TemplateValues {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Buffer;
}

type Place = keyof TemplateValues;
type Piece = { readonly literal: string } | { readonly place: Place };

const PLACES: readonly string[] = ['id', 'timestamp', 'body'] satisfies Place[];

/** What an HMAC is made over, such as `{timestamp}.{body}`. */
export class HmacTemplate {
  readonly #pieces: readonly Piece[];

  private constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** The template of a text; else a text that says what is wrong with it. */
  static parse(text: string): HmacTemplate | string {
    const parts = text.split(/(\{[^{}]*\})/).filter((part) => part !== '');
    const pieces = parts.map((part): Piece =>
      part.startsWith('{') ? { place: part.slice(1, -1) as Place } : { literal: part },
    );
    const places = pieces.flatMap((piece) => ('place' in piece ? [piece.place] : []));
    const unknown = places.find((place) => !PLACES.includes(place));
    if (unknown !== undefined) return `{${unknown}} is none of {id}, {timestamp}, {body}`;
    if (new Set(places).size < places.length) return 'it names a place twice';
    return places.includes('body') ? new HmacTemplate(pieces) : 'without {body} nobody signs what is sent';
  }

  has(place: Place): boolean {
    return this.#pieces.some((piece) => 'place' in piece && piece.place === place);
  }

  fill(values: TemplateValues): SignedParts {
    return this.#pieces.map((piece) => ('place' in piece ? values[piece.place] : piece.literal));
  }

  /** Whether an id holds what stands behind it in the template: where it ends could be read in two ways then. */
  isAmbiguous(id: string): boolean {
    const behind = this.#pieces[this.#pieces.findIndex((piece) => 'place' in piece && piece.place === 'id') + 1];
    return behind !== undefined && 'literal' in behind && id.includes(behind.literal);
  }
}
