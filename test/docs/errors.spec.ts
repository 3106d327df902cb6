import { ERROR_CODES } from '../../libs/triggers/src/model/error-codes.js';
import { read, rows, section } from './markdown.js';

const page = read('docs/reference/errors.md');
const families = [...page.matchAll(/^## (\w+)/gm)].map(([, heading = '']) => heading);

interface Row {
  readonly family: string;
  readonly means: string | undefined;
  readonly status: number | null;
}

function documented(): Record<string, Row> {
  const found = families.flatMap((heading) =>
    rows(section(page, `## ${heading}`)).map(([code = '', status, means]) => {
      const row = { family: heading.toLowerCase(), means, status: status === '–' ? null : Number(status) };
      return [code, row] as const;
    }),
  );
  return Object.fromEntries(found);
}

it('has one row per code, under its family, with its meaning and its HTTP status', () => {
  const codes: readonly (readonly [string, { family: string; means: string; status?: number }])[] =
    Object.entries(ERROR_CODES);
  const declared = codes.map(([code, { family, means, status }]) => [code, { family, means, status: status ?? null }]);
  expect(documented()).toEqual(Object.fromEntries(declared));
});

it('says of every code what to do', () => {
  const empty = rows(page).filter(([, , , advice = '']) => advice === '');
  expect(empty).toEqual([]);
});

it('lists no code twice', () => {
  const codes = rows(page).map(([code]) => code);
  expect(codes).toEqual([...new Set(codes)]);
});
