import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, fromBase64, fromHex, toBase64, toHex } from '../../src/crypto/bytes.js';
import { ascii, decodeUtf8, encodeUtf8, utf8Length } from '../../src/crypto/utf8.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

describe('Base 64', () => {
  it('is that of RFC 4648 section 10', () => {
    const vectors = ['', 'Zg==', 'Zm8=', 'Zm9v', 'Zm9vYg==', 'Zm9vYmE=', 'Zm9vYmFy'];
    for (const [length, text] of vectors.entries()) {
      const bytes = ascii('foobar'.slice(0, length));
      expect(toBase64(bytes)).toBe(text);
      expect(fromBase64(text)).toEqual(bytes);
    }
  });

  it('gives back every byte string', () => {
    const random = new Random(1);
    for (let round = 0; round < scale(2000); round++) {
      const bytes = randomBytes(random, random.below(70));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
    }
  });

  it('has one text for each byte string: what decodes is what encoding gives', () => {
    const digits = 'AQgw/+=b';
    for (let i = 0; i < digits.length ** 4; i += scale(20) === 20 ? 1 : 17) {
      const text = Array.from({ length: 4 }, (_, at) => digits[Math.floor(i / digits.length ** at) % 8]).join(
        '',
      );
      const bytes = fromBase64(text);
      if (bytes !== undefined) expect(toBase64(bytes)).toBe(text);
    }
  });

  it('refuses other alphabets, missing padding, spaces and spare bits', () => {
    for (const text of [
      'Zg',
      'Zg=',
      'Zh==',
      'Zm9=',
      'Zm9v\n',
      ' Zm9v',
      'Zm-v',
      'Zm_v',
      '====',
      'A===',
      'Z=9v',
      '=m9v',
      'Zmé9',
    ])
      expect(fromBase64(text)).toBeUndefined();
  });
});

describe('hexadecimal', () => {
  it('gives back every byte', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(toHex(bytes).slice(0, 8)).toBe('00010203');
    expect(fromHex(toHex(bytes))).toEqual(bytes);
  });

  it('refuses capitals, odd lengths and other characters', () => {
    for (const text of ['0', 'AA', '0g', '0x', ' 0', '٠٠']) expect(fromHex(text)).toBeUndefined();
  });
});

describe('UTF-8', () => {
  it('has the bytes of RFC 3629 section 7', () => {
    expect(toHex(encodeUtf8('A\u2262\u0391.') as Uint8Array)).toBe('41e289a2ce912e');
    expect(toHex(encodeUtf8('\ud55c\uad6d\uc5b4') as Uint8Array)).toBe('ed959ceab5adec96b4');
    expect(toHex(encodeUtf8('\u{233b4}') as Uint8Array)).toBe('f0a38eb4');
  });

  it('gives back every code point that is none of a surrogate', () => {
    const compiled = scale(20) === 20;
    for (
      let point = 0;
      point <= 0x10ffff;
      point += compiled ? (point < 0x3000 || point > 0x10fff0 ? 1 : 61) : 997
    ) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const text = String.fromCodePoint(point);
      const bytes = encodeUtf8(text) as Uint8Array;
      expect(bytes.length).toBe(utf8Length(text));
      expect(decodeUtf8(bytes)).toBe(text);
    }
  });

  it('has no bytes for half of a surrogate pair', () => {
    for (const text of ['\ud800', '\udc00', 'a\ud800b', '\udc00\ud800', '\ud800\ud800\udc00'])
      expect(encodeUtf8(text)).toBeUndefined();
  });

  it('refuses long forms, surrogates, numbers beyond U+10FFFF, stray and missing bytes', () => {
    for (const hex of [
      '80',
      'bf',
      'c0af',
      'c1bf',
      'e080af',
      'e09fbf',
      'f08080af',
      'f08fbfbf', // long forms, RFC 3629 section 10
      'eda080',
      'edbfbf',
      'f4908080',
      'f5808080',
      'ff',
      'fe',
      'c2',
      'e282',
      'f0a38e',
      'c241',
      'e28241',
      'f0a38e41',
    ])
      expect(decodeUtf8(fromHex(hex) as Uint8Array)).toBeUndefined();
  });

  it('has one byte string for each text: what decodes is what encoding gives', () => {
    const random = new Random(2);
    const bytes = [0x00, 0x41, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff];
    let decoded = 0;
    for (let round = 0; round < scale(20_000); round++) {
      const given = Uint8Array.from({ length: 1 + random.below(4) }, () => random.pick(bytes));
      const text = decodeUtf8(given);
      if (text === undefined) continue;
      decoded++;
      expect(encodeUtf8(text)).toEqual(given);
    }
    expect(decoded).toBeGreaterThan(scale(20_000) / 50);
  });
});

describe('byte strings', () => {
  it('are joined in order and compared by content', () => {
    const whole = concatBytes(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3));
    expect(whole).toEqual(Uint8Array.of(1, 2, 3));
    expect(equalBytes(whole, Uint8Array.of(1, 2, 3))).toBe(true);
    for (const other of [Uint8Array.of(1, 2), Uint8Array.of(1, 2, 4), Uint8Array.of(1, 2, 3, 0)])
      expect(equalBytes(whole, other)).toBe(false);
  });
});
