import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ROOT, pagesIn, read } from './markdown.js';

const PAGES = [
  'README.md',
  'apps/cluster/README.md',
  'apps/orders/README.md',
  'apps/ticket-triage/README.md',
  'deploy/README.md',
  'libs/triggers/README.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  'CHANGELOG.md',
  ...['docs', 'docs/guides', 'docs/reference', 'docs/decisions'].flatMap(pagesIn),
];

/** As GitHub makes them: lower case, punctuation gone, spaces to hyphens. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

it.each(PAGES)('every link of %s leads somewhere', (page) => {
  const prose = read(page).replace(/```[\s\S]*?```/g, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link));
  const broken = links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : resolve(ROOT, dirname(page), path);
    if (!existsSync(resolve(ROOT, target))) return page !== 'docs/decisions/template.md';
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
  expect(broken).toEqual([]);
});
