import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const LIBRARY = ['libs/*/src/**/*.ts'];
const TESTS = ['**/*.spec.ts', '**/*.e2e-spec.ts', '**/*.contract.ts', 'test/**/*.ts', 'bench/**/*.ts'];

/** Constructors of providers list what Nest injects; every other function with more than four wants an options object. */
const MANY_PARAMETERS = {
  selector: [
    'FunctionDeclaration[params.length>4]',
    'ArrowFunctionExpression[params.length>4]',
    'MethodDefinition[kind!="constructor"] > FunctionExpression[params.length>4]',
  ].join(', '),
  message: 'More than four parameters: pass one options object (constructors of providers are exempt).',
};

const SLEEP = {
  selector: 'NewExpression[callee.name="Promise"] CallExpression[callee.name="setTimeout"]',
  message: 'A test that sleeps is slow and flaky: await an event or a state, or move the fake clock.',
};

export default tseslint.config(
  { ignores: ['**/dist/', '**/coverage/', '.jest-cache/', '.mutants/', '**/node_modules/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Reports nothing in files with decorators: a class that Nest injects must stay a value import.
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // Ports return promises, whether or not one implementation happens to need `await`.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', MANY_PARAMETERS],
    },
  },
  {
    files: LIBRARY,
    ignores: TESTS,
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 12],
    },
  },
  {
    files: TESTS,
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-syntax': ['error', SLEEP],
      'no-restricted-imports': ['error', { name: 'node:timers/promises', message: SLEEP.message }],
    },
  },
  { files: ['bench/**/*.ts', 'apps/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'setTimeout', 'clearTimeout', 'module', 'require'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
);
