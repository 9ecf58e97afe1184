/** Keys, clocks and logs for the tests of the audit log: the same in every run and every host. */
import { toHex } from '../../src/crypto/bytes.js';
import {
  AuditLog,
  type AuditLogOptions,
  type AuditStore,
  type CryptoProvider,
  createSigner,
  defaultCrypto,
  IntegrityError,
  memoryStore,
  type Signer,
} from '../../src/index.js';

/** Signs and verifies as the host does, and remembers verdicts: tests that change one record of many need few new ones. */
export function rememberingCrypto(): CryptoProvider {
  const host = defaultCrypto();
  const verdicts = new Map<string, boolean>();
  return {
    ...host,
    ed25519Verify(publicKey, message, signature) {
      const key = `${toHex(publicKey)} ${toHex(signature)} ${toHex(host.sha256(message))}`;
      let verdict = verdicts.get(key);
      if (verdict === undefined) {
        verdict = host.ed25519Verify(publicKey, message, signature);
        verdicts.set(key, verdict);
      }
      return verdict;
    },
  };
}

const signers = new Map<number, Signer>();

/** The signer of a seed of 32 equal bytes. */
export function testSigner(seed: number): Signer {
  let signer = signers.get(seed);
  if (signer === undefined) {
    signer = createSigner(new Uint8Array(32).fill(seed));
    signers.set(seed, signer);
  }
  return signer;
}

/** Counts milliseconds from a fixed day. */
export function testClock(): () => number {
  let now = 1_700_000_000_000;
  return () => now++;
}

export const testOrigin = 'example.com/test';

/** Opens a log of test key 1, or begins it. */
export function openLog(
  store: AuditStore = memoryStore(),
  options: Partial<AuditLogOptions> = {},
): Promise<AuditLog> {
  return AuditLog.open(store, {
    origin: testOrigin,
    signer: testSigner(1),
    trustedKeys: [testSigner(1).fingerprint],
    clock: testClock(),
    ...options,
  });
}

/** All records of a store. */
export async function allRecords(store: AuditStore): Promise<readonly Uint8Array[]> {
  const records: Uint8Array[] = [];
  while (records.length < store.size) records.push(...(await store.read(records.length, store.size)));
  return records;
}

/** What a function or a promise fails with; undefined if it does not. */
export async function failure(run: (() => unknown) | Promise<unknown>): Promise<IntegrityError | undefined> {
  try {
    await (typeof run === 'function' ? run() : run);
    return undefined;
  } catch (error) {
    if (error instanceof IntegrityError) return error;
    throw error;
  }
}

/** The code that a function or a promise fails with; undefined if it does not. */
export async function codeOf(run: (() => unknown) | Promise<unknown>): Promise<string | undefined> {
  return (await failure(run))?.code;
}
