import type { SignedParts } from './signature.js';

/** What a template is filled with. */
export interface TemplateValues {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Buffer;
}

type Place = keyof TemplateValues;
type Piece = { readonly literal: string } | { readonly place: Place };

const RFC_3339 = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
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
    if (/\{id\}\{body\}|\{body\}\{id\}/.test(text))
      return 'put a text between {id} and {body}, such as "{id}.{body}": where one ends could be read in two ways';
    return places.includes('body') ? new HmacTemplate(pieces) : 'without {body} nobody signs what is sent';
  }

  has(place: Place): boolean {
    return this.#pieces.some((piece) => 'place' in piece && piece.place === place);
  }

  fill(values: TemplateValues): SignedParts {
    return this.#pieces.map((piece) => ('place' in piece ? values[piece.place] : piece.literal));
  }

  /**
   * Whether an id holds the text that stands beside it in the template, or makes one together with it: where it begins or ends
   * could be read in two ways then. Beside a time it is the time that ends it, so it holds none: one in RFC 3339 is told by its
   * form. A time in digits is not; but what is left of a JSON body behind a number in it is no JSON.
   */
  isAmbiguous(id: string): boolean {
    const at = this.#pieces.findIndex(isId);
    const [before, behind] = [literalOf(this.#pieces[at - 1]), literalOf(this.#pieces[at + 1])];
    const [begin, end] = [(before + id).lastIndexOf(before), (id + behind).indexOf(behind)];
    if ((isTime(this.#pieces[at - 1]) || isTime(this.#pieces[at + 1])) && RFC_3339.test(id)) return true;
    return (before !== '' && begin !== 0) || (behind !== '' && end !== id.length);
  }
}

function isTime(piece: Piece | undefined): boolean {
  return piece !== undefined && 'place' in piece && piece.place === 'timestamp';
}

function isId(piece: Piece): boolean {
  return 'place' in piece && piece.place === 'id';
}

function literalOf(piece: Piece | undefined): string {
  return piece !== undefined && 'literal' in piece ? piece.literal : '';
}
