/** Keys by their fingerprint: who signed is a hash of the public key, never a name that can come to mean another key. */
import { describe } from '../check.js';
import { checkBytes, fromBase64, toBase64, toHex } from '../crypto/bytes.js';
import { type CryptoProvider, defaultCrypto } from '../crypto/provider.js';
import { isStrictPublicKey } from '../crypto/strict.js';
import { IntegrityError } from '../errors.js';

/** Signs for one key. What holds the secret is behind it: a seed in memory, or a device that answers synchronously. */
export interface Signer {
  /** 64 hexadecimal digits; see `fingerprint`. */
  readonly fingerprint: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The Ed25519 signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * The identity of a key: SHA-256 of the 32 bytes of its public key, as 64 lower-case hexadecimal digits. Trust is always in all
 * of them: `printf` and `sha256sum` can check it.
 *
 * @throws IntegrityError `ERR_INTEGRITY_KEY` for what cannot be an Ed25519 public key
 */
export function fingerprint(publicKey: Uint8Array, crypto: CryptoProvider = defaultCrypto()): string {
  return toHex(crypto.sha256(checkPublicKey(publicKey, 'publicKey')));
}

/** The first 16 digits of a fingerprint, to show to people. Never compare these to trust a key: 64 bits can be forged. */
export function shortFingerprint(full: string): string {
  return checkFingerprint(full, 'fingerprint').slice(0, 16);
}

/**
 * A signer that holds a seed in memory.
 *
 * @param seed 32 random bytes; copied, so the caller may overwrite them
 * @throws IntegrityError `ERR_INTEGRITY_KEY` for any other length
 * @example
 * const signer = createSigner(crypto.getRandomValues(new Uint8Array(32)));
 */
export function createSigner(seed: Uint8Array, crypto: CryptoProvider = defaultCrypto()): Signer {
  const key = crypto.ed25519Key(checkBytes(seed, 'seed', { length: 32 }, 'ERR_INTEGRITY_KEY'));
  // The secret is in a closure: neither JSON nor a debugger's listing of properties shows it.
  return {
    fingerprint: fingerprint(key.publicKey, crypto),
    publicKey: key.publicKey,
    sign: (message) => key.sign(message),
  };
}

/** 64 lower-case hexadecimal digits. */
export function checkFingerprint(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new IntegrityError(
    'ERR_INTEGRITY_KEY',
    `${field} must be the fingerprint of a key, 64 digits 0-9 and a-f, not ${describe(value)}`,
    { field },
  );
}

/** 32 bytes that can be a public key of large order. */
export function checkPublicKey(value: unknown, field: string): Uint8Array {
  const bytes = checkBytes(value, field, { length: 32 }, 'ERR_INTEGRITY_KEY');
  if (!isStrictPublicKey(bytes))
    throw new IntegrityError(
      'ERR_INTEGRITY_KEY',
      `${field} is not the canonical encoding of an Ed25519 point of large order`,
      { field },
    );
  return bytes;
}

/** The Base 64 of a public key, as records have it. */
export function encodePublicKey(publicKey: Uint8Array): string {
  return toBase64(checkPublicKey(publicKey, 'publicKey'));
}

/** @throws IntegrityError `ERR_INTEGRITY_KEY` for anything but the Base 64 of a public key */
export function decodePublicKey(text: unknown, field: string): Uint8Array {
  const bytes = typeof text === 'string' && text.length === 44 ? fromBase64(text) : undefined;
  if (bytes === undefined)
    throw new IntegrityError(
      'ERR_INTEGRITY_KEY',
      `${field} must be the Base 64 of a public key of 32 bytes, not ${describe(text)}`,
      { field },
    );
  return checkPublicKey(bytes, field);
}
