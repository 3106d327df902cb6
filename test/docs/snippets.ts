import { read } from './markdown.js';

/** One program that a page shows: a block, with those that continue it, and what the page's prelude declares. */
export interface Snippet {
  /** The page and the line where its code begins. */
  readonly page: string;
  readonly line: number;
  readonly code: string;
}

/** A block that says what it quotes. */
export interface Quote {
  readonly page: string;
  /** `<path>#<name>` */
  readonly from: string;
}

const PART = /<!-- (prelude|continues|from): ?([\s\S]*?)-->|^```ts\n([\s\S]*?)^```$/gm;

/**
 * The TypeScript of a page. Three comments, which readers do not see, stand before a block:
 * `prelude:` declares what every later block of the page may use, `continues:` joins the next block to the one before,
 * `from: <path>#<name>` says what the next block quotes: the lines between `// #region <name>` and `// #endregion`.
 */
export function snippetsOf(page: string): Snippet[] {
  const text = read(page);
  const snippets: Snippet[] = [];
  let prelude = '';
  let continues = false;
  for (const { 1: mark, 2: said = '', 3: code, index } of text.matchAll(PART)) {
    if (mark === 'prelude') prelude += `${said.trim()}\n`;
    else if (mark === 'continues') continues = true;
    else if (mark === undefined) {
      const before = continues ? snippets.pop() : undefined;
      const line = before?.line ?? text.slice(0, index).split('\n').length + 1;
      snippets.push({ page, line, code: `${before?.code ?? `${prelude}export {};\n`}${code}` });
      continues = false;
    }
  }
  return snippets;
}

/** The blocks of a page that say what they quote. */
export function quotesOf(page: string): Quote[] {
  return [...read(page).matchAll(/<!-- from: (\S+) -->/g)].map(([, from = '']) => ({ page, from }));
}

/** The lines of a file that a page quotes: `<path>#<name>`. */
export function quotable(from: string): string {
  const [path = '', name = ''] = from.split('#');
  const [, region = ''] = read(path).split(`// #region ${name}\n`);
  return region.split('// #endregion')[0] ?? '';
}
