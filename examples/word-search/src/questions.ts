/** The words and analogies that the demo asks about, and whether the table can answer them. */
import type { WordVectors } from './dataset/source.js';
import { DemoError } from './errors.js';
import { suggest } from './spelling.js';

/** `minuend - subtrahend + addend`, as in king - man + woman. */
export interface Analogy {
  readonly minuend: string;
  readonly subtrahend: string;
  readonly addend: string;
}

export interface Questions {
  readonly words: readonly string[];
  readonly analogies: readonly Analogy[];
}

export const DEFAULT_QUESTIONS: Questions = {
  words: ['king', 'paris', 'guitar', 'coffee', 'quantum'],
  analogies: [
    { minuend: 'king', subtrahend: 'man', addend: 'woman' },
    { minuend: 'paris', subtrahend: 'france', addend: 'germany' },
    { minuend: 'walking', subtrahend: 'walk', addend: 'swim' },
    { minuend: 'bigger', subtrahend: 'big', addend: 'small' },
  ],
};

const ANALOGY = /^(\S+)\s+-\s+(\S+)\s+\+\s+(\S+)$/;

/**
 * What `--query` asks: each argument is a word, or an analogy written `a - b + c` with spaces. The data set is
 * in lower case, and so are the questions made.
 */
export function parseQuestions(query: readonly string[]): Questions {
  const words: string[] = [];
  const analogies: Analogy[] = [];
  for (const argument of query) {
    const text = argument.trim().toLowerCase();
    const parts = ANALOGY.exec(text);
    if (parts === null) words.push(text);
    else analogies.push({ minuend: parts[1]!, subtrahend: parts[2]!, addend: parts[3]! });
  }
  return { words: [...new Set(words)], analogies };
}

function wordsOf(analogy: Analogy): string[] {
  return [analogy.minuend, analogy.subtrahend, analogy.addend];
}

/** Every word that the questions name. */
export function namedWords(questions: Questions): Set<string> {
  return new Set([...questions.words, ...questions.analogies.flatMap(wordsOf)]);
}

/** The questions whose words are all in the table. */
export function answerable(questions: Questions, table: ReadonlySet<string>): Questions {
  return {
    words: questions.words.filter((word) => table.has(word)),
    analogies: questions.analogies.filter((analogy) => wordsOf(analogy).every((word) => table.has(word))),
  };
}

/**
 * Checks that the table can answer what the reader asked.
 *
 * @throws DemoError `UNKNOWN_WORD`, naming each missing word and what may have been meant
 */
export function requireWords(questions: Questions, table: ReadonlySet<string>, data: WordVectors): void {
  const missing = [...namedWords(questions)].filter((word) => !table.has(word));
  if (missing.length === 0) return;
  const explanations = missing.map((word) => {
    const rank = data.words.indexOf(word);
    if (rank >= 0)
      return `'${word}' is word ${count(rank + 1)} of the data set and only ${count(table.size)} are loaded: raise --rows`;
    const similar = suggest(word, table, 3).map((found) => `'${found}'`);
    const hint = similar.length === 0 ? '' : `; did you mean ${similar.join(', ')}?`;
    return `'${word}' is not one of the ${count(table.size)} words in the table${hint}`;
  });
  throw new DemoError('UNKNOWN_WORD', explanations.join('\n'));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
