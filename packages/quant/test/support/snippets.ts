/** Code in documents and comments, and what it says that it prints or gives. */
import { format } from 'node:util';
import type { QuantModule } from './backend.js';

/** The blocks of a Markdown text that are JavaScript. */
export function snippetsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```js\n(.*?)^```/gms)].map((match) => match[1]);
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as FunctionConstructor;

/** Runs a snippet; what each console.log printed, and what the comment behind it says. */
export async function execute(
  snippet: string,
  quant: QuantModule,
): Promise<{ printed: string[]; promised: string[] }> {
  const printed: string[] = [];
  const body = snippet.replace(
    /^import \{ (.+) \} from '@ruvector\/quant';$/gm,
    (_line, names) => `const { ${names} } = quant;`,
  );
  const run = AsyncFunction('quant', 'console', `'use strict';\n${body}`);
  await run(quant, { log: (...values: unknown[]) => printed.push(format(...values)) });
  const promised = [...snippet.matchAll(/console\.log\(.*\)[;,] \/\/ (.*)$/gm)].map((match) => match[1]);
  return { printed, promised };
}

/** The examples in the comments of a source text; the last line of each is an expression with its value behind it. */
export function examplesOf(source: string): string[] {
  const comments = [...source.matchAll(/^ *\/\*\*(.*?)\*\/$/gms)].map(([, text]) =>
    text.replaceAll(/^ *\* ?/gm, ''),
  );
  // Until the next tag.
  return comments.flatMap((text) =>
    text
      .split(/@example\b/)
      .slice(1)
      .map((rest) => rest.split(/^@/m)[0].trim()),
  );
}

/** The value of an example, formatted, and what it says that it is. */
export async function evaluate(
  example: string,
  quant: QuantModule,
): Promise<{ value: string; promised: string }> {
  const lines = example.split('\n');
  const [, expression, promised] = /^(.*); \/\/ (.*)$/.exec(lines.pop()!)!;
  const run = AsyncFunction(
    ...Object.keys(quant),
    `'use strict';\n${lines.join('\n')}\nreturn (${expression});`,
  );
  return { value: format(await run(...Object.values(quant))), promised };
}
