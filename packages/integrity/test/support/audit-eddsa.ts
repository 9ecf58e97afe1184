/**
 * Signatures on which Ed25519 libraries differ, made here from the conditions of "Taming the many EdDSAs" (Chalkias, Garillot,
 * Nikolaenko, SSR 2020, table 1 to 3) with the curve arithmetic of @noble/ed25519.
 */
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, fromHex, toHex } from '../../src/crypto/bytes.js';
import { ascii } from '../../src/crypto/utf8.js';

const order = Point.CURVE().n;
const prime = Point.CURVE().p;

/** A signature and what strict verification must say. */
export interface EddsaCase {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}

function littleEndian(number: bigint): Uint8Array {
  return (fromHex(number.toString(16).padStart(64, '0')) as Uint8Array).reverse();
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}

/** The challenge, RFC 8032 section 5.1.7, over the bytes as they are sent. */
function challenge(r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint {
  return numberOf(sha512(concatBytes(r, a, message))) % order;
}

/** A point of order 8; its multiples are all points of small order. */
export const torsion: Point = Point.fromHex(
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
);

/** Every point of small order. */
export const smallPoints: readonly Point[] = Array.from({ length: 8 }, (_, i) =>
  i === 0 ? Point.ZERO : torsion.multiplyUnsafe(BigInt(i)),
);

const scalar = 0x1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcn;
const nonce = 0xfedcba0987654321fedcba0987654321fedcba0987654321fedcba0987654n;

/**
 * A signature by scalar arithmetic for A = aB + tA T and R = rB + tR T, with messages tried until the torsion parts cancel in the
 * equation without cofactor, or do not.
 */
function made(
  name: string,
  valid: boolean,
  { keyTorsion = 0, nonceTorsion = 0, keyScalar = scalar, nonceScalar = nonce, cancels = true },
): EddsaCase {
  const point = (number: bigint, part: number): Point =>
    (number === 0n ? Point.ZERO : Point.BASE.multiply(number)).add(smallPoints[part] as Point);
  const publicKey = point(keyScalar, keyTorsion).toBytes();
  const r = point(nonceScalar, nonceTorsion).toBytes();
  for (let i = 0; i < 1000; i++) {
    const message = ascii(`${name} ${i}`);
    const k = challenge(r, publicKey, message);
    // [S]B = R + [k]A holds exactly if the torsion of the right side is zero.
    const rest = (BigInt(nonceTorsion) + k * BigInt(keyTorsion)) % 8n;
    if ((rest === 0n) !== cancels) continue;
    const s = (nonceScalar + k * keyScalar) % order;
    return { name, publicKey, message, signature: concatBytes(r, littleEndian(s)), valid };
  }
  throw new Error(`no message was found for ${name}`);
}

/** The cases, with the verdict that `crypto/strict.ts` promises. */
export function eddsaCases(): readonly EddsaCase[] {
  const plain = made('an ordinary signature', true, {});
  const s = numberOf(plain.signature.subarray(32));
  const withS = (name: string, number: bigint): EddsaCase => ({
    ...plain,
    name,
    signature: concatBytes(plain.signature.subarray(0, 32), littleEndian(number)),
    valid: false,
  });
  const cases: EddsaCase[] = [
    plain,
    withS('S + L', s + order),
    withS('the largest S + cL that fits', s + order * ((2n ** 256n - 1n - s) / order)),
    withS('S = L', order),
    made('a mixed key and a mixed R that cancel', true, { keyTorsion: 1, nonceTorsion: 1 }),
    made('a mixed key and a mixed R that do not cancel', false, {
      keyTorsion: 1,
      nonceTorsion: 1,
      cancels: false,
    }),
    made('a mixed key alone, valid only with the cofactor', false, { keyTorsion: 1, cancels: false }),
    made('a mixed R alone, valid only with the cofactor', false, { nonceTorsion: 4, cancels: false }),
    made('R of small order, key mixed', false, { keyTorsion: 1, nonceTorsion: 1, nonceScalar: 0n }),
  ];
  for (let part = 0; part < 8; part++) {
    cases.push(
      made(`key of small order ${part}, R mixed`, false, {
        keyTorsion: part,
        keyScalar: 0n,
        nonceTorsion: part,
      }),
      made(`key and R of small order ${part}`, false, {
        keyTorsion: part,
        keyScalar: 0n,
        nonceTorsion: part,
        nonceScalar: 0n,
      }),
    );
  }
  // Encodings with y >= p: the 19 numbers that fit in 255 bits. Where x exists, a library that reduces y takes them.
  for (let y = 0n; y < 19n; y++)
    for (const sign of [0n, 1n]) {
      const encoding = littleEndian(y + prime + (sign << 255n));
      cases.push({
        ...plain,
        name: `key with y = p + ${y}, sign ${sign}`,
        publicKey: encoding,
        valid: false,
      });
      cases.push({
        ...plain,
        name: `R with y = p + ${y}, sign ${sign}`,
        signature: concatBytes(encoding, plain.signature.subarray(32)),
        valid: false,
      });
    }
  // x = 0 with the sign bit: y = 1 and y = -1.
  for (const y of [1n, prime - 1n]) {
    const encoding = littleEndian(y + (1n << 255n));
    cases.push({ ...plain, name: 'key with x = 0 and its sign bit set', publicKey: encoding, valid: false });
  }
  // No x for this y.
  cases.push({ ...plain, name: 'a key that is no point', publicKey: littleEndian(2n), valid: false });
  return cases;
}
