/** Code in documents, and what it says that it prints. */
import { format } from 'node:util';
import type { SimdModule } from './backend.js';

/** The blocks of a Markdown text that are JavaScript. */
export function snippetsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```js\n(.*?)^```/gms)].map((match) => match[1]);
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as FunctionConstructor;

/** Runs a snippet; what each console.log printed, and what the comment behind it says. */
export async function execute(
  snippet: string,
  simd: SimdModule,
): Promise<{ printed: string[]; promised: string[] }> {
  const printed: string[] = [];
  const body = snippet.replace(
    /^import \{ (.+) \} from '@ruvector\/core-simd';$/gm,
    (_line, names) => `const { ${names} } = simd;`,
  );
  const run = AsyncFunction('simd', 'console', `'use strict';\n${body}`);
  await run(simd, { log: (...values: unknown[]) => printed.push(format(...values)) });
  const promised = [...snippet.matchAll(/console\.log\(.*\)[;,] \/\/ (.*)$/gm)].map((match) => match[1]);
  return { printed, promised };
}

/** The examples in the comments of a source text: each is code whose last expression has its value behind it. */
export function examplesOf(source: string): string[] {
  return [...source.matchAll(/^ \* @example\n((?: \*(?!\/).*\n)+)/gm)].map((match) =>
    match[1].replaceAll(/^ \* ?/gm, '').trim(),
  );
}

/** The value of an example, formatted, and what it says that it is. */
export async function evaluate(
  example: string,
  simd: SimdModule,
): Promise<{ value: string; promised: string }> {
  const lines = example.split('\n');
  const [, expression, promised] = /^(.*); \/\/ (.*)$/.exec(lines.pop()!)!;
  const before = lines.join('\n');
  const run = AsyncFunction(...Object.keys(simd), `'use strict';\n${before}\nreturn (${expression});`);
  return { value: format(await run(...Object.values(simd))), promised };
}
