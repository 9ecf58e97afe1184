import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerable, namedWords, parseQuestions, requireWords } from '../src/questions.js';
import { editDistance, suggest } from '../src/spelling.js';
import { syntheticVectors } from './synthetic.js';

const analogy = { minuend: 'king', subtrahend: 'man', addend: 'woman' };

describe('parseQuestions', () => {
  it('tells words from analogies, in lower case', () => {
    expect(parseQuestions(['King', 'king', 'cross-country', '-', 'King - man + woman'])).toEqual({
      words: ['king', 'cross-country', '-'],
      analogies: [analogy],
    });
  });
});

describe('the questions that a table answers', () => {
  const questions = { words: ['king', 'paris'], analogies: [analogy] };

  it('are those whose words it has', () => {
    expect(answerable(questions, new Set(['king', 'man']))).toEqual({ words: ['king'], analogies: [] });
    expect(answerable(questions, namedWords(questions))).toEqual(questions);
  });

  it('are asked for with an explanation of every missing word', () => {
    const data = syntheticVectors(5, 1, ['king', 'kings', 'kinky', 'man', 'woman']);
    const table = new Set(data.words.slice(0, 4));
    expect(() => requireWords({ words: ['king'], analogies: [] }, table, data)).not.toThrow();
    expect(() => requireWords({ words: ['kingg'], analogies: [analogy] }, table, data)).toThrow(
      /'kingg' .* did you mean 'king', 'kings'.*\n'woman' is word 5 of the data set and only 4 are loaded/,
    );
    expect(() => requireWords({ words: ['zzzzzz'], analogies: [] }, table, data)).toThrow(/in the table$/);
  });
});

describe('editDistance', () => {
  it.each([
    ['king', 'king', 0],
    ['king', 'kings', 1],
    ['form', 'from', 1],
    ['kitten', 'sitting', 3],
    ['', 'ab', 2],
  ])('of %s and %s is %i', (a, b, expected) => {
    expect(editDistance(a, b, 9)).toBe(expected);
  });

  it('is symmetric, and stops at its limit', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, fc.nat({ max: 4 }), (a, b, limit) => {
        const exact = editDistance(a, b, 99);
        expect(editDistance(b, a, 99)).toBe(exact);
        expect(editDistance(a, b, limit)).toBe(Math.min(exact, limit + 1));
      }),
    );
  });
});

describe('suggest', () => {
  it('prefers fewer edits, then frequency', () => {
    expect(suggest('helo', ['hero', 'below', 'hello', 'help', 'world'], 3)).toEqual([
      'hero',
      'hello',
      'help',
    ]);
    expect(suggest('helo', ['below', 'hello'], 3)).toEqual(['hello', 'below']);
  });
});
