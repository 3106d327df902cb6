import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PACKAGE_VERSION } from './package-version.js';

it('is the version of package.json', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(PACKAGE_VERSION);
});
