/** The provider over `node:crypto`, which is OpenSSL. Typed by structure: the core has no types of Node. */
import { IntegrityError } from '../errors.js';
import { concatBytes, toHex } from './bytes.js';
import type { CryptoProvider } from './provider.js';
import { isStrict } from './strict.js';

/** A key that Node holds; nothing is asked of it here. */
type KeyObject = object;
interface Exportable {
  export(options: { readonly format: 'der'; readonly type: 'spki' }): Uint8Array;
}
interface NodeCryptoModule {
  createHash(algorithm: 'sha256'): {
    update(message: Uint8Array): { digest(): Uint8Array };
  };
  hash?(algorithm: 'sha256', message: Uint8Array, encoding: 'buffer'): Uint8Array;
  createPrivateKey(key: {
    readonly key: Uint8Array;
    readonly format: 'der';
    readonly type: 'pkcs8';
  }): KeyObject;
  createPublicKey(
    key: KeyObject | { readonly key: Uint8Array; readonly format: 'der'; readonly type: 'spki' },
  ): KeyObject & Exportable;
  sign(algorithm: null, message: Uint8Array, key: KeyObject): Uint8Array;
  verify(algorithm: null, message: Uint8Array, key: KeyObject, signature: Uint8Array): boolean;
}

/** DER before the 32 bytes of a seed in PKCS #8 and of a public key in SubjectPublicKeyInfo (RFC 8410 sections 7 and 4). */
const pkcs8 = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20],
);
const spki = Uint8Array.of(...[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);

/** Public keys kept as objects of Node: making one costs as much as a verification. A log has few keys. */
const keptKeys = 64;

function builtin(): NodeCryptoModule | undefined {
  const { process } = globalThis as {
    readonly process?: { getBuiltinModule?(name: string): unknown };
  };
  const module = process?.getBuiltinModule?.('node:crypto') as NodeCryptoModule | undefined;
  return typeof module?.createPrivateKey === 'function' && typeof module.sign === 'function'
    ? module
    : undefined;
}

/** The provider over `node:crypto`; undefined where there is none. */
export function nodeCrypto(): CryptoProvider | undefined {
  const found = builtin();
  if (found === undefined) return undefined;
  const crypto: NodeCryptoModule = found;
  const publicKeys = new Map<string, KeyObject>();

  function publicKeyObject(publicKey: Uint8Array): KeyObject {
    const name = toHex(publicKey);
    let object = publicKeys.get(name);
    if (object === undefined) {
      object = crypto.createPublicKey({ key: concatBytes(spki, publicKey), format: 'der', type: 'spki' });
      if (publicKeys.size >= keptKeys) publicKeys.clear();
      publicKeys.set(name, object);
    }
    return object;
  }

  // Node returns Buffers, whose memory may be part of a pool; callers get arrays of their own.
  const own = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

  return {
    name: 'node',
    sha256: (message) =>
      own(
        crypto.hash === undefined
          ? crypto.createHash('sha256').update(message).digest()
          : crypto.hash('sha256', message, 'buffer'),
      ),
    ed25519Key(seed) {
      if (!(seed instanceof Uint8Array) || seed.length !== 32)
        throw new IntegrityError('ERR_INTEGRITY_KEY', 'a seed of an Ed25519 key is a Uint8Array of 32 bytes');
      const der = concatBytes(pkcs8, seed);
      const key = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      der.fill(0);
      const publicKey = own(
        crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spki.length),
      );
      return { publicKey, sign: (message) => own(crypto.sign(null, message, key)) };
    },
    ed25519Verify(publicKey, message, signature) {
      if (!isStrict(publicKey, signature)) return false;
      let key: KeyObject;
      try {
        key = publicKeyObject(publicKey);
      } catch {
        return false; // OpenSSL may look already here whether the point exists
      }
      return crypto.verify(null, message, key, signature);
    },
  };
}
