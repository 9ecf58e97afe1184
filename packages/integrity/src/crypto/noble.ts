/** The provider in plain ECMAScript, over `@noble/ed25519` and `@noble/hashes`: for browsers and for QuickJS. */
import * as ed25519 from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { IntegrityError } from '../errors.js';
import { concatBytes, equalBytes, toHex } from './bytes.js';
import type { CryptoProvider } from './provider.js';
import { isStrict } from './strict.js';

const { Point } = ed25519;

/** A number of little-endian bytes. */
function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}

/**
 * RFC 8032 section 5.1.7 without the cofactor: encode([S]B - [k]A) equals R. `verify` of @noble/ed25519 multiplies by the
 * cofactor, as batches need it, and so accepts signatures that OpenSSL does not; here both must agree.
 */
function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isStrict(publicKey, signature)) return false;
  const r = signature.subarray(0, 32);
  let a: ed25519.Point;
  try {
    a = Point.fromBytes(publicKey);
  } catch {
    return false; // no x for this y
  }
  const k = littleEndian(sha512(concatBytes(r, publicKey, message))) % Point.CURVE().n;
  const sb = Point.BASE.multiply(littleEndian(signature.subarray(32)), false);
  return equalBytes(sb.subtract(a.multiply(k, false)).toBytes(), r);
}

/** The provider in plain ECMAScript. The first signature takes longer: tables of multiples of the base point are made. */
export function nobleCrypto(): CryptoProvider {
  // Here and not at the top: modules of this package have no side effects.
  ed25519.hashes.sha512 ??= sha512;
  return {
    name: 'noble',
    sha256: (message) => sha256(message),
    ed25519Key(seed) {
      if (!(seed instanceof Uint8Array) || seed.length !== 32)
        throw new IntegrityError('ERR_INTEGRITY_KEY', 'a seed of an Ed25519 key is a Uint8Array of 32 bytes');
      const secret = Uint8Array.from(seed);
      return {
        publicKey: ed25519.getPublicKey(secret),
        sign: (message) => ed25519.sign(message, secret),
      };
    },
    ed25519Verify: verify,
  };
}
