/* global __dirname, beforeAll, describe, SPECS */
const { readFileSync, readdirSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '../..');

/** A path is a spec, or a folder with specs, also further down. */
function filesOf(path) {
  if (path.endsWith('.spec.ts')) return [path];
  return readdirSync(join(ROOT, path), { recursive: true })
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => `${path}/${name}`);
}

/** Kits and harnesses are hooks: `useEngineKit(database)`. */
const needsDatabase = (path) => Number(/\buse[A-Z]\w+\(/.test(readFileSync(join(ROOT, path), 'utf8')));

// What needs no database goes first: it kills a mutant within milliseconds.
const specs = SPECS.flatMap(filesOf).sort((a, b) => needsDatabase(a) - needsDatabase(b));

// A mutant that breaks a spec while it is read was noticed: it fails every test.
const broken = [];
beforeAll(() => {
  if (broken.length > 0) throw broken[0];
});

// A block for each file keeps apart what files keep apart: their hooks.
for (const path of specs) {
  describe(`${path}:`, () => {
    try {
      require(join(ROOT, path));
    } catch (error) {
      broken.push(error);
    }
  });
}
