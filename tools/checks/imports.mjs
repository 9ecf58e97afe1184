// @ts-check
/** What a source file reaches for, read from its syntax, not from its text: comments and strings do not count. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/**
 * @typedef {object} Reach
 * @property {string} specifier as it is written
 * @property {number} line from 1
 * @property {'module' | 'file' | 'directory'} kind module: an import; file: a URL relative to the file; directory: the
 *   part after the last `..` of a path that is put together
 * @property {boolean} typeOnly erased before it runs
 * @property {boolean} dynamic an `import()`, which a program can survive
 */

/**
 * Imports, re-exports, `import()`, `require()`, `import.meta.resolve()`, `vi.mock()`, `new URL(x, import.meta.url)`, and paths
 * like `join(here, '..', '..', 'core-simd', 'native')`.
 *
 * @param {string} file
 * @returns {Reach[]}
 */
export function reachesOf(file) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {Reach[]} */
  const reaches = [];
  /** @param {ts.Node} node @param {Reach['kind']} kind @param {string} specifier @param {boolean} [typeOnly] @param {boolean} [dynamic] */
  const add = (node, kind, specifier, typeOnly = false, dynamic = false) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    reaches.push({ specifier, line, kind, typeOnly, dynamic });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(
        node,
        'module',
        node.moduleSpecifier.text,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      );
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      add(node, 'module', node.moduleSpecifier.text, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      if (ts.isStringLiteral(node.argument.literal)) add(node, 'module', node.argument.literal.text, true);
    } else if (ts.isCallExpression(node)) {
      visitCall(node);
    } else if (ts.isNewExpression(node) && node.expression.getText(source) === 'URL') {
      const [first, second] = node.arguments ?? [];
      if (first && ts.isStringLiteralLike(first) && second?.getText(source) === 'import.meta.url') {
        add(node, 'file', first.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  /** @param {ts.CallExpression} node */
  const visitCall = (node) => {
    const [first] = node.arguments;
    const callee = node.expression.getText(source);
    const loads = /^(import|require|require\.resolve|import\.meta\.resolve|vi\.(mock|doMock|importActual))$/;
    if (first && ts.isStringLiteralLike(first) && loads.test(callee)) {
      add(node, 'module', first.text, false, callee === 'import');
    }
    const words = node.arguments.map((each) => (ts.isStringLiteralLike(each) ? each.text : undefined));
    const up = words.lastIndexOf('..');
    const next = up < 0 ? undefined : words[up + 1];
    if (next !== undefined) add(node, 'directory', next);
  };
  visit(source);
  return reaches;
}

/**
 * `#include "..."` of a C or C++ file, comments left out.
 *
 * @param {string} text
 * @returns {{ name: string, line: number }[]}
 */
export function includesOf(text) {
  const bare = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '));
  return bare.split('\n').flatMap((line, index) => {
    const name = /^\s*#\s*include\s+"([^"]+)"/.exec(line)?.[1];
    return name === undefined ? [] : [{ name, line: index + 1 }];
  });
}
