import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { AUDITED_ACTION, NEEDED_ROLE } from '../../libs/triggers/src/admin/access/route-access.js';
import { createAdminControllers } from '../../libs/triggers/src/admin/admin.controllers.js';
import { UnknownPathController } from '../../libs/triggers/src/admin/controllers/unknown-path.controller.js';
import { read, rows, sourcesIn } from './markdown.js';
import { fieldsOf } from './source.js';

interface Route {
  readonly route: string;
  readonly role: string;
}

function builtRoutes(): Route[] {
  // What answers everything else is no route to document.
  const controllers = createAdminControllers({ path: 'api' }).filter(
    ({ prototype }) => !(prototype instanceof UnknownPathController),
  );
  return controllers.flatMap((controller) => {
    const base = (Reflect.getMetadata(PATH_METADATA, controller) as string).replace(/^api/, '');
    return handlersOf(controller.prototype as object).map((handler) => {
      const path = Reflect.getMetadata(PATH_METADATA, handler) as string;
      const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number];
      const full = `${base}/${path}`.replace(/\/+/g, '/');
      const role = (Reflect.getMetadata(NEEDED_ROLE, handler) as string | undefined) ?? 'admin';
      return { route: `${method} ${full.replace(/(?<=.)\/$/, '')}`, role };
    });
  });
}

function handlersOf(prototype: object): object[] {
  const found: object[] = [];
  for (let owner: object | null = prototype; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    const values = Object.values(Object.getOwnPropertyDescriptors(owner)).map(({ value }): unknown => value);
    found.push(
      ...values.filter(
        (value): value is () => void => typeof value === 'function' && Reflect.hasMetadata(METHOD_METADATA, value),
      ),
    );
  }
  return found;
}

const byRoute = (a: Route, b: Route): number => (a.route < b.route ? -1 : 1);
const page = read('docs/reference/http-api.md');

it('lists every route of the admin API with the role it needs, and no other', () => {
  const documented = rows(page)
    .filter(([route = '']) => /^[A-Z]+ \//.test(route))
    .map(([route = '', role = '']) => ({ route, role }));
  expect(documented.sort(byRoute)).toEqual(builtRoutes().sort(byRoute));
});

it('names every audited action', () => {
  const byRoutes = createAdminControllers().flatMap((controller) =>
    handlersOf(controller.prototype as object).flatMap(
      (handler) => (Reflect.getMetadata(AUDITED_ACTION, handler) as string | undefined) ?? [],
    ),
  );
  const inCommits = [
    ...sourcesIn('libs/triggers/src')
      .join('\n')
      .matchAll(/\baction: '([\w.]+)'/g),
  ].map(([, action = '']) => action);
  const actions = [...new Set([...byRoutes, ...inCommits])];
  expect(byRoutes.length).toBeGreaterThan(0);
  expect(actions.filter((action) => !page.includes(`\`${action}\``))).toEqual([]);
});

it('names every field of a node, and no other', () => {
  const [, documented = ''] = /A node has ([^;]+);/.exec(page) ?? [];
  const declared = [
    ...fieldsOf('model/node-description.ts', 'NodeDescription'),
    ...fieldsOf('history/history.types.ts', 'NodeItem'),
  ];
  expect([...documented.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(
    declared.map(({ name }) => name).sort(),
  );
});
