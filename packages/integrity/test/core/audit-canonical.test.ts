import { describe, expect, it } from 'vitest';
import { isCanonicalPrefix } from '../../src/audit/canonical-parse.js';
import { toHex } from '../../src/crypto/bytes.js';
import { ascii, decodeUtf8, encodeUtf8 } from '../../src/crypto/utf8.js';
import { canonicalBytes, parseCanonical } from '../../src/index.js';
import { codeOf, failure } from '../support/audit-fixture.js';
import { randomValue, referenceText } from '../support/audit-values.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

function text(value: unknown): string {
  return decodeUtf8(canonicalBytes(value)) as string;
}

function parse(given: string): unknown {
  return parseCanonical(encodeUtf8(given) as Uint8Array);
}

/** The examples of RFC 8785 and its reference implementation that have no fractions: value, canonical text. */
const published: readonly (readonly [unknown, string])[] = [
  [[56, { d: true, '10': null, '1': [] }], '[56,{"1":[],"10":null,"d":true}]'],
  [
    {
      peach: 'This sorting order',
      'p\u00e9ch\u00e9': 'is wrong according to French',
      'p\u00eache': 'but canonicalization MUST',
      sin: 'ignore locale',
    },
    '{"peach":"This sorting order","p\u00e9ch\u00e9":"is wrong according to French","p\u00eache":"but canonicalization MUST","sin":"ignore locale"}',
  ],
  [
    {
      '1': { f: { f: 'hi', F: 5 }, '\n': 56 },
      '10': {},
      '': 'empty',
      a: {},
      '111': [{ e: 'yes', E: 'no' }],
      A: {},
    },
    '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}',
  ],
  [{ 'Unnormalized Unicode': 'A\u030a' }, '{"Unnormalized Unicode":"A\u030a"}'],
  [
    { string: '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false] },
    '{"literals":[null,true,false],"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  ],
  [
    {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    },
    // RFC 8785 section 3.2.3: by UTF-16 code units, so the emoji, whose first unit is 0xd83d, stands before U+FB33.
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
];

describe('canonical bytes', () => {
  it('are those of RFC 8785 on its examples, and are read back', () => {
    for (const [value, canonical] of published) {
      expect(text(value)).toBe(canonical);
      expect(parse(canonical)).toEqual(value);
    }
  });

  it('are what sorting keys and JSON.stringify give, for random values', () => {
    const random = new Random(1);
    for (let i = 0; i < scale(3000); i++) {
      const value = randomValue(random, 4);
      expect(text(value)).toBe(referenceText(value));
      expect(parseCanonical(canonicalBytes(value))).toEqual(value);
    }
  });

  it('take whole numbers up to 2^53 - 1 and nothing else', async () => {
    for (const number of [0, 1, -1, 2 ** 53 - 1, 1 - 2 ** 53]) expect(text(number)).toBe(String(number));
    for (const number of [0.5, -0, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 1e21])
      expect(await codeOf(() => canonicalBytes(number))).toBe('ERR_INTEGRITY_CANONICAL');
  });

  it('refuse what JSON would drop or change, and name the place', async () => {
    class Thing {
      a = 1;
    }
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const cases: readonly (readonly [unknown, string])[] = [
      [{ a: [1, { b: undefined }] }, 'value.a[1].b'],
      [new Array(2), 'value[0]'],
      [{ a: () => 1 }, 'value.a'],
      [{ a: Symbol('x') }, 'value.a'],
      [{ [Symbol('x')]: 1 }, 'value'],
      [{ a: 10n }, 'value.a'],
      [{ at: new Date(0) }, 'value.at'],
      [{ map: new Map() }, 'value.map'],
      [{ bytes: Uint8Array.of(1) }, 'value.bytes'],
      [{ thing: new Thing() }, 'value.thing'],
      [{ a: '\ud800' }, 'value.a'],
      [{ 'x\udc00': 1 }, 'value.x\udc00'],
      [undefined, 'value'],
    ];
    for (const [value, field] of cases) {
      const error = await failure(() => canonicalBytes(value));
      expect(error?.code).toBe('ERR_INTEGRITY_CANONICAL');
      expect(error?.field).toBe(field);
    }
    expect(await codeOf(() => canonicalBytes(cyclic))).toBe('ERR_INTEGRITY_CANONICAL');
  });

  it('have limits of depth and size', async () => {
    const nested = (depth: number): unknown => (depth === 0 ? [] : [nested(depth - 1)]);
    expect(text(nested(31))).toBe('['.repeat(32) + ']'.repeat(32));
    expect(await codeOf(() => canonicalBytes(nested(32)))).toBe('ERR_INTEGRITY_CANONICAL');
    expect(canonicalBytes('x'.repeat(98), { maxBytes: 100 })).toHaveLength(100);
    expect(await codeOf(() => canonicalBytes('x'.repeat(99), { maxBytes: 100 }))).toBe('ERR_INTEGRITY_LIMIT');
    expect(await codeOf(() => canonicalBytes(1, { maxDepth: 1000 }))).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(await codeOf(() => parseCanonical(ascii(`${'['.repeat(100_000)}`)))).toBe(
      'ERR_INTEGRITY_CANONICAL',
    );
    expect(await codeOf(() => parseCanonical(ascii('12345'), { maxBytes: 4 }))).toBe('ERR_INTEGRITY_LIMIT');
  });

  it('are not disturbed by a getter that writes canonical bytes itself', () => {
    const value = {
      a: 'x'.repeat(2000),
      get b() {
        return toHex(canonicalBytes({ inner: 'y'.repeat(100) })).length;
      },
      c: 'z',
    };
    expect(text(value)).toBe(`{"a":"${'x'.repeat(2000)}","b":224,"c":"z"}`);
  });

  it('keep keys that are names of the prototype as plain keys', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1},"constructor":2,"toString":3}') as object;
    const read = parse(text(value)) as Record<string, unknown>;
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor', 'toString']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(text(read)).toBe(text(value));
  });
});

describe('reading canonical bytes', () => {
  it('refuses every other way to write a value', async () => {
    for (const given of [
      '',
      ' 1',
      '1 ',
      '{ }',
      '[1, 2]',
      '{"a": 1}',
      '\t1',
      '1\n', // spaces
      '{"b":1,"a":2}',
      '{"a":1,"a":1}',
      '{"é":1,"z":2}',
      '{"\ufb33":1,"\ud83d\ude00":2}', // order, duplicates
      '01',
      '-0',
      '-',
      '+1',
      '1.0',
      '1e2',
      '.5',
      '1.',
      '0x1',
      'NaN',
      'Infinity',
      '9007199254740992',
      '-9007199254740992',
      '99999999999999999999',
      '"\\u0041"',
      '"\\/"',
      '"\\u000a"',
      '"\\u000A"',
      '"\\u001F"',
      '"\\u00e9"',
      '"\\ud83d\\ude00"',
      '"\\x41"',
      '"\\u12"',
      '"\\a"',
      '"\n"',
      '"\u0000"',
      'True',
      'nul',
      'nulll',
      'tru',
      'undefined',
      "'a'",
      '[1,]',
      '[,1]',
      '{"a":1,}',
      '{a:1}',
      '{"a"}',
      '{1:2}',
      '[1 2]',
      '[',
      '{',
      '"',
      '[1',
      '{"a":',
      '[]]',
      '{}{}',
      '// x',
      '\ufeff1',
    ])
      expect(`${given}: ${await codeOf(() => parse(given))}`).toBe(`${given}: ERR_INTEGRITY_CANONICAL`);
  });

  it('refuses bytes that are not UTF-8', async () => {
    for (const byte of [0x80, 0xc0, 0xed, 0xf5, 0xff])
      expect(await codeOf(() => parseCanonical(Uint8Array.of(34, byte, 0xa0, 0x80, 34)))).toBe(
        'ERR_INTEGRITY_CANONICAL',
      );
  });

  it('accepts exactly what is written: whatever a change leaves readable is canonical', () => {
    const random = new Random(2);
    let readable = 0;
    for (let round = 0; round < scale(4000); round++) {
      const bytes = canonicalBytes(randomValue(random, 3));
      for (let change = random.below(3); change >= 0; change--)
        bytes[random.below(bytes.length)] =
          random.below(4) === 0
            ? random.below(256)
            : random.pick([...'{}[]",:0123456789-\\untfb ']).charCodeAt(0);
      let value: unknown;
      try {
        value = parseCanonical(bytes);
      } catch {
        continue;
      }
      readable++;
      expect(toHex(canonicalBytes(value))).toBe(toHex(bytes));
    }
    expect(readable).toBeGreaterThan(scale(4000) / 100);
  });

  it('names the byte at which it stopped', async () => {
    expect((await failure(() => parse('{"a":1,"a":2}')))?.message).toMatch(/byte 7 .*a key occurs twice/);
    expect((await failure(() => parse('[1,2')))?.message).toMatch(/byte 4: the value is not complete/);
  });
});

describe('the beginning of canonical bytes', () => {
  it('is every proper prefix of an object, and not the object', () => {
    const random = new Random(3);
    for (let round = 0; round < scale(100); round++) {
      const bytes = canonicalBytes({ event: randomValue(random, 3), sig: 'x' });
      for (let length = 0; length < bytes.length; length++)
        expect(isCanonicalPrefix(bytes.subarray(0, length))).toBe(true);
      expect(isCanonicalPrefix(bytes)).toBe(false);
    }
  });

  it('is nothing that could not go on', () => {
    for (const given of ['{ ', '{"b":1,"a"', '[01', '"\\q', '{}x', 'nulx', '"\u0001'])
      expect(isCanonicalPrefix(encodeUtf8(given) as Uint8Array)).toBe(false);
  });
});
