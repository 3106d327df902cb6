const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],]|-?\d[\d.eE+-]*/g;

/**
 * The numbers among the values of a JSON object that JavaScript would not give back as they are written: `9007199254740993`,
 * `12.50`. By their keys; nested ones are left out, as database drivers leave them out too.
 */
export function exactNumbers(json: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let key: string | null = null;
  for (const token of ofObject(json)) {
    if (token === ',') key = null;
    else if (key === null) key = JSON.parse(token) as string;
    else if (!token.startsWith('"') && String(Number(token)) !== token) found.set(key, token);
  }
  return found;
}

/** The keys, the plain values and the commas of the object itself, not those of what is nested in it. */
function* ofObject(json: string): Generator<string> {
  let depth = 0;
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    else if (depth === 1) yield token;
  }
}
