/** Hash and signature, from the host where it has them and in plain ECMAScript elsewhere: the same bytes, the same verdicts. */
import { nobleCrypto } from './noble.js';
import { nodeCrypto } from './node.js';

/** A private key, held by a provider. It gives nothing of the secret away: it signs. */
export interface Ed25519Key {
  /** 32 bytes (RFC 8032 section 5.1.5). */
  readonly publicKey: Uint8Array;
  /** The signature, 64 bytes, of a message (RFC 8032 section 5.1.6). The same message always gives the same bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** What the log needs of cryptography. All of it is synchronous, so that the order of a log is fixed when `append` returns. */
export interface CryptoProvider {
  /** A word for messages: `node` or `noble`. */
  readonly name: string;
  /** SHA-256 (FIPS 180-4), 32 bytes. */
  sha256(message: Uint8Array): Uint8Array;
  /**
   * The key of a seed of 32 bytes. The seed is copied; the caller may overwrite it.
   *
   * @throws IntegrityError `ERR_INTEGRITY_KEY` for any other length; the message does not show the seed
   */
  ed25519Key(seed: Uint8Array): Ed25519Key;
  /** Strict verification as `crypto/strict.ts` defines it. Never throws: bytes of a wrong length do not verify. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

let chosen: CryptoProvider | undefined;

/**
 * `node:crypto` where `process.getBuiltinModule` gives it (Node 20.16, 22.3 and later, Bun, Deno), else `@noble`.
 * Nothing is imported for it, so a bundle for a browser needs no exceptions.
 *
 * @example
 * const { publicKey, sign } = defaultCrypto().ed25519Key(seed);
 */
export function defaultCrypto(): CryptoProvider {
  chosen ??= nodeCrypto() ?? nobleCrypto();
  return chosen;
}
