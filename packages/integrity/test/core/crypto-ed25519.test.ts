import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/crypto/bytes.js';
import { isStrictPublicKey } from '../../src/crypto/strict.js';
import { ascii } from '../../src/crypto/utf8.js';
import { type CryptoProvider, defaultCrypto, nobleCrypto } from '../../src/index.js';
import { eddsaCases, smallPoints } from '../support/audit-eddsa.js';
import { rfc8032 } from '../support/audit-rfc8032.js';
import { scale } from '../support/scale.js';

/** In Node the default is node:crypto, so both are tried there; elsewhere both are the same. */
const providers: readonly CryptoProvider[] = [defaultCrypto(), nobleCrypto()];

function bytes(hex: string): Uint8Array {
  return fromHex(hex) as Uint8Array;
}

for (const [i, crypto] of providers.entries())
  describe(`the ${i === 0 ? 'default' : 'portable'} provider`, () => {
    it('hashes as FIPS 180-4 says', () => {
      expect(toHex(crypto.sha256(new Uint8Array(0)))).toBe(
        'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      );
      expect(toHex(crypto.sha256(ascii('abc')))).toBe(
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      );
      expect(toHex(crypto.sha256(ascii('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')))).toBe(
        '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
      );
    });

    it('signs and verifies the vectors of RFC 8032 section 7.1', () => {
      for (const { secret, publicKey, message, signature } of rfc8032) {
        const key = crypto.ed25519Key(bytes(secret));
        expect(toHex(key.publicKey)).toBe(publicKey);
        expect(toHex(key.sign(bytes(message)))).toBe(signature);
        expect(crypto.ed25519Verify(key.publicKey, bytes(message), bytes(signature))).toBe(true);
      }
    });

    it('refuses every change of one bit of a signature, a message or a key', () => {
      const { publicKey, message, signature } = rfc8032[1] as (typeof rfc8032)[number];
      const parts = [bytes(publicKey), bytes(message), bytes(signature)] as const;
      const step = scale(20) === 20 ? 1 : 37;
      for (const [which, part] of parts.entries())
        for (let bit = 0; bit < part.length * 8; bit += step) {
          const changed = parts.map((each) => Uint8Array.from(each));
          const target = changed[which] as Uint8Array;
          target[bit >> 3] = (target[bit >> 3] as number) ^ (1 << (bit & 7));
          const [a, m, s] = changed as [Uint8Array, Uint8Array, Uint8Array];
          expect(crypto.ed25519Verify(a, m, s)).toBe(false);
        }
    });

    it('gives the strict verdict on signatures that libraries differ on', () => {
      const cases = eddsaCases();
      // QuickJS: those without arithmetic are quick, so only a few of the others are left out.
      const chosen = scale(20) === 20 ? cases : cases.filter((_, at) => at < 12 || at % 5 === 0);
      for (const { name, publicKey, message, signature, valid } of chosen)
        expect(`${name}: ${crypto.ed25519Verify(publicKey, message, signature)}`).toBe(`${name}: ${valid}`);
    });

    it('does not verify bytes of another length, and does not throw', () => {
      const { publicKey, message, signature } = rfc8032[0] as (typeof rfc8032)[number];
      const [a, m, s] = [bytes(publicKey), bytes(message), bytes(signature)];
      for (const length of [0, 31, 33]) {
        const cut = new Uint8Array(length);
        cut.set(a.subarray(0, length));
        expect(crypto.ed25519Verify(cut, m, s)).toBe(false);
      }
      for (const length of [0, 63, 65]) {
        const cut = new Uint8Array(length);
        cut.set(s.subarray(0, length));
        expect(crypto.ed25519Verify(a, m, cut)).toBe(false);
      }
    });

    it('takes a seed of 32 bytes only, keeps a copy, and never shows it', () => {
      for (const length of [0, 31, 33, 64]) {
        const seed = new Uint8Array(length).fill(171);
        let message = '';
        try {
          crypto.ed25519Key(seed);
        } catch (error) {
          message = (error as Error).message;
          expect((error as { code?: string }).code).toBe('ERR_INTEGRITY_KEY');
        }
        expect(message).toMatch(/32 bytes/);
        expect(message).not.toMatch(/171|abab/);
      }
      const seed = new Uint8Array(32).fill(171);
      const key = crypto.ed25519Key(seed);
      const before = toHex(key.sign(ascii('a')));
      seed.fill(0);
      expect(toHex(key.sign(ascii('a')))).toBe(before);
      expect(JSON.stringify(key)).not.toMatch(/abab|171,171/);
    });
  });

describe('both providers', () => {
  it('give the same keys and the same signatures, and accept each other', () => {
    const [host, portable] = providers as [CryptoProvider, CryptoProvider];
    for (let i = 0; i < scale(60); i++) {
      const seed = new Uint8Array(32).fill(i + 1);
      const [a, b] = [host.ed25519Key(seed), portable.ed25519Key(seed)];
      expect(toHex(a.publicKey)).toBe(toHex(b.publicKey));
      const message = new Uint8Array(i * 7).fill(i);
      expect(toHex(host.sha256(message))).toBe(toHex(portable.sha256(message)));
      expect(toHex(a.sign(message))).toBe(toHex(b.sign(message)));
      expect(portable.ed25519Verify(a.publicKey, message, a.sign(message))).toBe(true);
    }
  });
});

describe('the strict check of a public key', () => {
  it('refuses the eight points of small order, which the curve arithmetic finds', () => {
    const encodings = new Set(smallPoints.map((point) => toHex(point.toBytes())));
    expect(encodings.size).toBe(8);
    for (const encoding of encodings) expect(isStrictPublicKey(bytes(encoding))).toBe(false);
  });
});
