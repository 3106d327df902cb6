/** What no test of these folders has to notice. */

/** Whatever has a space is a sentence: tests name codes, which promise something, and no wording, which does not. */
const wording = {
  shouldIgnore(path) {
    const parts = path.isStringLiteral()
      ? [path.node.value]
      : path.isTemplateLiteral()
        ? path.node.quasis.map((quasi) => quasi.value.cooked)
        : [];
    return parts.some((part) => part.includes(' ')) ? 'Wording for people.' : undefined;
  },
};

/** Names and column types of statements are read by Postgres alone, which does not run for mutants. */
const statements = {
  shouldIgnore(path) {
    const isStatement = path.isCallExpression() && path.get('callee').isIdentifier({ name: 'batch' });
    return isStatement ? 'A statement: its test runs on Postgres too.' : undefined;
  },
};

export const strykerPlugins = [
  { kind: 'Ignore', name: 'wording', value: wording },
  { kind: 'Ignore', name: 'statements', value: statements },
];
