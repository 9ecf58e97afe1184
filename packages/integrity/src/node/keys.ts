/**
 * Key files: PKCS #8 and SubjectPublicKeyInfo in PEM (RFC 8410), as OpenSSL reads and writes them. A private key is
 * readable by its owner alone, is never created by reading and never overwritten. No message shows any of it.
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { checkPublicKey, createSigner, fingerprint, type Signer } from '../audit/keys.js';
import { concatBytes } from '../crypto/bytes.js';
import { type CryptoProvider, defaultCrypto } from '../crypto/provider.js';
import { IntegrityError } from '../errors.js';
import { hostCode, syncDirectory } from './log-file.js';

/** DER of an Ed25519 private key up to its seed, and of a public key up to its point (RFC 8410 sections 4, 7 and 10). */
const pkcs8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);
const spki = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);

/** More than any Ed25519 key in PEM has, comments included. */
const maxKeyFileBytes = 4096;

/** What may be told of a key. */
export interface PublicKeyInfo {
  /** SHA-256 of the public key in hexadecimal. */
  readonly fingerprint: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

function keyError(message: string, cause?: unknown): IntegrityError {
  return new IntegrityError('ERR_INTEGRITY_KEY', message, { cause, field: 'path' });
}

/** The host's own message names the path and the reason, and nothing of the content. */
function hostError(what: string, path: string, cause: unknown): IntegrityError {
  const code = hostCode(cause);
  if (code === 'EEXIST')
    return keyError(`${path} exists, and a key file is never overwritten: choose another path`, cause);
  return keyError(`cannot ${what} ${path}: ${code ?? 'unknown error'}`, cause);
}

/** Writes a file that must not be there, and makes it and its name durable. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'wx', mode);
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await syncDirectory(dirname(path));
  } catch (cause) {
    if (file !== undefined) {
      await file.close().catch(() => undefined);
      // It is ours, and a part of a key file is of no use.
      await unlink(path).catch(() => undefined);
    }
    throw hostError('write', path, cause);
  }
}

function pem(label: string, der: Uint8Array): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.length).toString('base64');
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

/**
 * Makes a key from 32 bytes of the operating system's random source and writes it to a new file of mode 0600.
 *
 * @throws IntegrityError `ERR_INTEGRITY_KEY` if the file exists or cannot be written
 * @example
 * const { fingerprint } = await createKeyFile('signing.key');
 */
export async function createKeyFile(path: string): Promise<PublicKeyInfo> {
  const seed = randomBytes(32);
  const der = concatBytes(pkcs8, seed);
  try {
    const { publicKey, fingerprint: name } = createSigner(seed);
    await writeNew(path, pem('PRIVATE KEY', der), 0o600);
    return { fingerprint: name, publicKey };
  } finally {
    seed.fill(0);
    der.fill(0);
  }
}

/** Refuses what others could read or replace. */
async function checkPrivate(file: FileHandle, path: string): Promise<void> {
  const { mode, uid } = await file.stat();
  // Windows has no such bits: Node makes them up.
  if (process.getuid === undefined) return;
  if ((mode & 0o077) !== 0)
    throw keyError(
      `${path} has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, so others than its owner can get at the private key. If nobody did: chmod 600 ${path}. If somebody may have: revoke the key`,
    );
  const self = process.getuid();
  if (uid !== self && uid !== 0)
    throw keyError(
      `${path} belongs to user ${uid}, and this process runs as user ${self}: that user can replace the key. Run: chown ${self} ${path}`,
    );
}

async function readSmall(path: string, what: string, secret: boolean): Promise<Buffer> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    if (hostCode(cause) === 'ENOENT')
      throw keyError(
        `there is no ${what} ${path}: give the path of one, or make one with \`integrity keygen\`. None is made by itself`,
        cause,
      );
    throw hostError(`read the ${what}`, path, cause);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw keyError(`${path} is not a regular file`);
    if (secret) await checkPrivate(file, path);
    const buffer = Buffer.alloc(maxKeyFileBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > maxKeyFileBytes)
      throw keyError(`${path} has more than ${maxKeyFileBytes} bytes: it is not a ${what}`);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw cause instanceof IntegrityError ? cause : hostError(`read the ${what}`, path, cause);
  } finally {
    await file.close();
  }
}

/**
 * Reads a private key. The seed stays inside the signer.
 *
 * @param path of a file in PEM, PKCS #8, not encrypted, mode 0600 or narrower, that belongs to this user or root
 * @throws IntegrityError `ERR_INTEGRITY_KEY` if it is not there, is open to others, or is no Ed25519 key
 */
export async function readKeyFile(path: string, crypto: CryptoProvider = defaultCrypto()): Promise<Signer> {
  const text = await readSmall(path, 'key file', true);
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: 'pem' });
  } catch {
    // Without the cause: OpenSSL's messages quote what they stumble over.
    throw keyError(
      /ENCRYPTED/.test(text.toString('latin1'))
        ? `${path} is encrypted, which is not supported: decrypt it with openssl pkey`
        : `${path} is not a private key in PEM (PKCS #8): make one with \`integrity keygen\`, or give the file that it wrote`,
    );
  } finally {
    text.fill(0);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw keyError(`${path} has a key of type ${key.asymmetricKeyType}; an Ed25519 key is needed`);
  const der = key.export({ format: 'der', type: 'pkcs8' });
  const seed = der.subarray(pkcs8.length, pkcs8.length + 32);
  try {
    return createSigner(seed, crypto);
  } finally {
    der.fill(0);
  }
}

/** Writes a public key to a new file, mode 0644. @throws IntegrityError `ERR_INTEGRITY_KEY` */
export async function createPublicKeyFile(path: string, publicKey: Uint8Array): Promise<void> {
  const der = concatBytes(spki, checkPublicKey(publicKey, 'publicKey'));
  await writeNew(path, pem('PUBLIC KEY', der), 0o644);
}

/**
 * Reads a public key in PEM.
 *
 * @throws IntegrityError `ERR_INTEGRITY_KEY` if it is not there or is no Ed25519 public key
 */
export async function readPublicKeyFile(path: string): Promise<PublicKeyInfo> {
  const text = await readSmall(path, 'public key file', false);
  // createPublicKey takes private keys as well, and a private key has no business where a public one is wanted.
  const isPublic = text.includes('-----BEGIN PUBLIC KEY-----');
  let key: KeyObject | undefined;
  try {
    if (isPublic) key = createPublicKey({ key: text, format: 'pem' });
  } catch {
    // as below
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw keyError(
      `${path} is not an Ed25519 public key in PEM: give the .pub file that \`integrity keygen\` wrote`,
    );
  const publicKey = new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(spki.length));
  return { publicKey: checkPublicKey(publicKey, 'publicKey'), fingerprint: fingerprint(publicKey) };
}
