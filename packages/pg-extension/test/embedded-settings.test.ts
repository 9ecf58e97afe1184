import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkSettings, settingLine } from '../src/embedded/settings.js';

/**
 * Reads one line of a configuration file as PostgreSQL does (guc-file.l and GUC_scanstr): a name, an equals sign and a
 * string in quotes on one line, in which a doubled quote is a quote and a backslash takes the next character's meaning.
 */
function readLine(line: string): [name: string, value: string] {
  const match = /^([A-Za-z_.$0-9]+) = '((?:[^'\\\n]|\\.|'')*)'\n$/u.exec(line);
  if (match === null) throw new Error(`not a line: ${JSON.stringify(line)}`);
  const meaning: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
  const value = match[2]!.replace(/''|\\([0-7]{1,3}|.)/gsu, (all, next: string | undefined) => {
    if (next === undefined) return "'";
    if (/^[0-7]/.test(next)) return String.fromCharCode(Number.parseInt(next, 8));
    return meaning[next] ?? (all === "''" ? "'" : next);
  });
  return [match[1]!, value];
}

const text = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom("'", '\\', '\n', '\r', '1', 'n', '#', ' ', '=') }),
  )
  .filter((value) => !value.includes('\0'));

describe('a setting', () => {
  it('is read back from its line as it was given', () => {
    fc.assert(
      fc.property(text, (value) => {
        const checked = checkSettings({ 'ruvector.Some_Name': value });
        expect([...checked].map(([name, each]) => readLine(settingLine(name, each)))).toEqual([
          ['ruvector.some_name', value],
        ]);
      }),
    );
  });

  it('has a name of letters, digits and one dot at most, whatever is tried', () => {
    fc.assert(
      fc.property(text, (name) => {
        const plain = /^[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)?$/i.test(name);
        if (plain) checkSettings({ [name]: 1 });
        else expect(() => checkSettings({ [name]: 1 })).toThrow(/is not the name of a setting/);
      }),
    );
  });

  it.each([
    [true, 'on'],
    [false, 'off'],
    [12, '12'],
    [-0.5, '-0.5'],
    ['', ''],
  ])('%j is passed on as %j', (given, passed) => {
    expect(checkSettings({ name: given })).toEqual(new Map([['name', passed]]));
  });
});
