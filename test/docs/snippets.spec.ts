/**
 * Code in the README, the guides and the reference compiles against the package, with the compiler and the rules of our own tests. All
 * of it is one program: the library is checked once.
 */
import { resolve } from 'node:path';
import ts from 'typescript';
import { ROOT, pagesIn, read } from './markdown.js';
import { quotable, quotesOf, snippetsOf } from './snippets.js';
import type { Snippet } from './snippets.js';

const PAGES = ['README.md', 'libs/triggers/README.md', ...pagesIn('docs/guides'), ...pagesIn('docs/reference')];
const CONFIG = resolve(ROOT, 'test/tsconfig.json');

const snippets = PAGES.flatMap((page) => snippetsOf(page));
/** Beside the quick start, which the README's program imports. */
const fileOf = (_snippet: Snippet, index: number): string => resolve(ROOT, `test/docs/quick-start/snippet-${index}.ts`);

function compile(): ts.Program {
  const parsed = ts.parseJsonConfigFileContent(
    ts.readConfigFile(CONFIG, (path) => ts.sys.readFile(path)).config,
    ts.sys,
    resolve(ROOT, 'test'),
  );
  // A reader's program need not use all that it shows.
  const options: ts.CompilerOptions = { ...parsed.options, noUnusedLocals: false, noUnusedParameters: false };
  const texts = new Map(snippets.map((snippet, index) => [fileOf(snippet, index), snippet.code]));
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => texts.has(file) || fileExists(file);
  host.readFile = (file) => texts.get(file) ?? readFile(file);
  host.getSourceFile = (file, language, ...rest) => {
    const text = texts.get(file);
    return text === undefined
      ? getSourceFile(file, language, ...rest)
      : ts.createSourceFile(file, text, language, true);
  };
  return ts.createProgram([...texts.keys()], options, host);
}

function problemsOf(program: ts.Program, file: string): string[] {
  const source = program.getSourceFile(file);
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  return found.map(({ messageText, start = 0 }) => {
    const line = source?.text.split('\n')[source.getLineAndCharacterOfPosition(start).line]?.trim() ?? '';
    return `${line}  ← ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

it('finds code in the README', () => {
  expect(snippets.some(({ page }) => page === 'README.md')).toBe(true);
});

it('compiles all code of the README, the guides and the reference against the package', () => {
  const program = compile();
  const problems = snippets.flatMap((snippet, index) =>
    problemsOf(program, fileOf(snippet, index)).map((problem) => `${snippet.page}:${snippet.line}: ${problem}`),
  );
  expect(problems).toEqual([]);
}, 120_000);

it.each(PAGES.flatMap((page) => quotesOf(page)))('$page quotes $from word by word', ({ page, from }) => {
  const quoted = quotable(from);
  expect(quoted).not.toBe('');
  expect(read(page)).toContain(`<!-- from: ${from} -->\n\`\`\`ts\n${quoted}\`\`\``);
});

it('quotes the quick start that a test runs', () => {
  expect(quotesOf('README.md').map(({ from }) => from)).toContain('test/docs/quick-start/app.module.ts#readme');
});

it('keeps the README within 150 lines', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});
