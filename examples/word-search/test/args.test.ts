import { describe, expect, it } from 'vitest';
import { parseArguments } from '../src/args.js';
import { UsageError } from '../src/errors.js';

describe('parseArguments', () => {
  it('has defaults', () => {
    expect(parseArguments([])).toEqual({
      index: true,
      json: false,
      keep: false,
      help: false,
      version: false,
    });
  });

  it('takes every word behind --query, wherever other flags stand', () => {
    const args = parseArguments([
      '--rows',
      '500',
      '--query',
      'king',
      'queen',
      '--json',
      'paris',
      '--query=-',
    ]);
    expect(args).toMatchObject({ rows: 500, query: ['king', 'queen', 'paris', '-'], json: true });
  });

  it('leaves the index out on request', () => {
    expect(parseArguments(['--no-index']).index).toBe(false);
  });

  it('takes words that look like flags behind --', () => {
    expect(parseArguments(['--query', 'a', '--', '--json']).query).toEqual(['a', '--json']);
  });

  it.each([
    [['--bogus'], /--bogus/],
    [['king'], /--query king/],
    [['king', '--query', 'queen'], /unexpected argument 'king'/],
    [['--query'], /--query/],
    [['--query', ' '], /empty/],
    [['--rows'], /--rows/],
    [['--rows', '0'], /at least 1/],
    [['--rows=-1'], /'-1'/],
    [['--rows', '1e3'], /'1e3'/],
    [['--rows', '12x'], /'12x'/],
    [['--rows', '99999999999999999999'], /whole number/],
    [['--json=yes'], /--json/],
    [['--serve', 'd', '--json'], /--serve does not go with --json/],
    [['--serve', 'd', '--no-index'], /--serve does not go with --no-index/],
    [['--index'], /--index/],
    [['--serve='], /needs a directory/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
    expect(() => parseArguments(argv)).toThrow(message);
  });
});
