/** What the core does by hand, against what Node has built in. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, fromHex, toBase64, toHex } from '../../src/crypto/bytes.js';
import { decodeUtf8, encodeUtf8 } from '../../src/crypto/utf8.js';
import { canonicalBytes, nobleCrypto, nodeCrypto, parseCanonical } from '../../src/index.js';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function nodeDecode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Values without fractions. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value')),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value')),
  ),
}));

function sorted(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(sorted);
  if (typeof given !== 'object' || given === null) return given;
  return new Map(
    Object.entries(given)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

/** JSON.stringify with the order of Maps, since objects put keys like "1" first. */
function stringify(given: unknown): string {
  if (given instanceof Map)
    return `{${[...given].map(([key, each]) => `${JSON.stringify(key)}:${stringify(each)}`).join(',')}}`;
  return Array.isArray(given) ? `[${given.map(stringify).join(',')}]` : JSON.stringify(given);
}

describe('canonical bytes', () => {
  it('are JSON that JSON.parse reads to the same value', () => {
    fc.assert(
      fc.property(value, (given) => {
        const bytes = canonicalBytes(given);
        const text = decoder.decode(bytes);
        expect(text).toBe(stringify(sorted(given)));
        expect(parseCanonical(bytes)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('of any text that is read are JSON, and are not read where JSON.parse fails', () => {
    const text = fc.oneof(
      fc.json(),
      fc.string({ unit: fc.constantFrom(...'{}[]",:0123456789-+.eE\\untfabr \n\u00e9') }),
    );
    fc.assert(
      fc.property(text, (given) => {
        const bytes = new TextEncoder().encode(given);
        let read: unknown;
        try {
          read = parseCanonical(bytes);
        } catch {
          return;
        }
        expect(read).toEqual(JSON.parse(given));
        expect(stringify(sorted(JSON.parse(given)))).toBe(given);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('UTF-8', () => {
  it('is what TextEncoder and TextDecoder make of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
        expect(decodeUtf8(bytes)).toBe(nodeDecode(bytes));
      }),
      { numRuns: 20_000 },
    );
  });

  it('decodes every pair of bytes as TextDecoder does', () => {
    for (let i = 0; i < 65_536; i++) {
      const bytes = Uint8Array.of(i >> 8, i & 255);
      expect(decodeUtf8(bytes)).toBe(nodeDecode(bytes));
    }
  });
});

describe('Base 64 and hexadecimal', () => {
  it('are what Buffer makes of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe('the providers', () => {
  it('hash as Node does, at every length around the block size', () => {
    const providers = [nodeCrypto(), nobleCrypto()];
    for (let length = 0; length < 200; length++) {
      const message = new Uint8Array(length).fill(length);
      const expected = createHash('sha256').update(message).digest('hex');
      for (const crypto of providers) expect(toHex(crypto?.sha256(message) as Uint8Array)).toBe(expected);
    }
  });

  it('read the keys that Node makes', () => {
    for (let i = 0; i < 20; i++) {
      const { privateKey } = generateKeyPairSync('ed25519');
      const { d, x } = privateKey.export({ format: 'jwk' });
      const seed = new Uint8Array(Buffer.from(d as string, 'base64url'));
      for (const crypto of [nodeCrypto(), nobleCrypto()])
        expect(Buffer.from(crypto?.ed25519Key(seed).publicKey as Uint8Array).toString('base64url')).toBe(x);
    }
  });

  it('are found without an import, or not at all', () => {
    const { process } = globalThis as { process: { getBuiltinModule?: unknown } };
    const kept = process.getBuiltinModule;
    expect(nodeCrypto()?.name).toBe('node');
    try {
      process.getBuiltinModule = undefined;
      expect(nodeCrypto()).toBeUndefined();
      process.getBuiltinModule = () => undefined;
      expect(nodeCrypto()).toBeUndefined();
    } finally {
      process.getBuiltinModule = kept;
    }
  });
});
