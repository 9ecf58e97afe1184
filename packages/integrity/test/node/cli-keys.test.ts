import { execFile } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { access, chmod, chown, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/audit/keys.js';
import type { IntegrityError } from '../../src/errors.js';
import { createKeyFile, createPublicKeyFile, readKeyFile, readPublicKeyFile } from '../../src/node/keys.js';
import { integrity } from '../support/node-cli.js';
import { scratchDirectory } from '../support/node-log.js';

const directory = await scratchDirectory();
let keys = 0;
const newPath = (): string => join(directory, `${++keys}.key`);

async function keyError(promise: Promise<unknown>): Promise<string> {
  const error = (await promise.catch((reason: unknown) => reason)) as IntegrityError;
  expect(error.code).toBe('ERR_INTEGRITY_KEY');
  return error.message;
}

describe('a key file', () => {
  it('is private, and gives back the key that was made', async () => {
    const path = newPath();
    const made = await createKeyFile(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const signer = await readKeyFile(path);
    expect(signer.fingerprint).toBe(made.fingerprint);
    expect(fingerprint(signer.publicKey)).toBe(made.fingerprint);
  });

  it('signs as OpenSSL does with the same file', async () => {
    const path = newPath();
    await createKeyFile(path);
    const message = Buffer.from('the same bytes');
    const expected = sign(null, message, createPrivateKey(await readFile(path)));
    expect(Buffer.from((await readKeyFile(path)).sign(message))).toEqual(expected);
  });

  it('that OpenSSL wrote is read, and its public half too', async () => {
    const path = newPath();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    await writeFile(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    await writeFile(`${path}.pub`, publicKey.export({ format: 'pem', type: 'spki' }));
    expect((await readPublicKeyFile(`${path}.pub`)).fingerprint).toBe((await readKeyFile(path)).fingerprint);
  });

  it('is never made by reading and never overwritten', async () => {
    const path = newPath();
    expect(await keyError(readKeyFile(path))).toMatch(/integrity keygen/);
    await expect(access(path)).rejects.toThrow();
    await createKeyFile(path);
    const before = await readFile(path);
    expect(await keyError(createKeyFile(path))).toMatch(/never overwritten/);
    expect(await readFile(path)).toEqual(before);
    const { publicKey } = await readKeyFile(path);
    await createPublicKeyFile(`${path}.pub`, publicKey);
    expect(await keyError(createPublicKeyFile(`${path}.pub`, publicKey))).toMatch(/never overwritten/);
  });

  it('is refused when anyone else could read or write it', async () => {
    const path = newPath();
    await createKeyFile(path);
    for (const mode of [0o640, 0o604, 0o620, 0o601, 0o644, 0o666]) {
      await chmod(path, mode);
      expect(await keyError(readKeyFile(path))).toMatch(/chmod 600/);
    }
    await chmod(path, 0o400);
    await readKeyFile(path);
  });

  it.runIf(process.getuid?.() === 0)('is refused when another user owns it', async () => {
    const path = newPath();
    await createKeyFile(path);
    await chown(path, 12_345, 0);
    expect(await keyError(readKeyFile(path))).toMatch(/belongs to user 12345/);
  });

  it('that holds something else is refused, and the message shows nothing of it', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    const ed448 = generateKeyPairSync('ed448').privateKey;
    const ed25519 = generateKeyPairSync('ed25519').privateKey;
    const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0';
    for (const text of [
      '',
      secret,
      `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`,
      rsa.export({ format: 'pem', type: 'pkcs8' }) as string,
      ed448.export({ format: 'pem', type: 'pkcs8' }) as string,
      ed25519.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }) as string,
      'x'.repeat(5000),
    ]) {
      const path = newPath();
      await writeFile(path, text, { mode: 0o600 });
      const message = await keyError(readKeyFile(path));
      for (const line of text.split('\n').filter((each) => each.length > 20 && !each.startsWith('-----')))
        expect(message).not.toContain(line);
    }
    expect(await keyError(readKeyFile(directory))).toMatch(/not a regular file/);
  });

  it('that is private is refused where a public one is wanted', async () => {
    const path = newPath();
    await createKeyFile(path);
    expect(await keyError(readPublicKeyFile(path))).toMatch(/not an Ed25519 public key/);
  });
});

describe('integrity keygen', () => {
  it('writes a pair that OpenSSL reads, and prints the fingerprint of the public key', async () => {
    const path = newPath();
    const { code, out, err } = await integrity(['keygen', path]);
    expect([code, out]).toEqual([0, `${(await readKeyFile(path)).fingerprint}\n`]);
    expect(err).toContain(`${path}.pub`);
    const { stdout } = await promisify(execFile)('openssl', ['pkey', '-in', path, '-pubout']);
    expect(stdout).toBe(await readFile(`${path}.pub`, 'utf8'));
    expect(createPublicKey(stdout).asymmetricKeyType).toBe('ed25519');
  });

  it('gives JSON and verifier keys, and never the seed', async () => {
    const path = newPath();
    const { out, err } = await integrity(['keygen', path, '--name', 'example.com/log', '--json', '--quiet']);
    const { fingerprint: name, verifierKey } = JSON.parse(out) as Record<string, string>;
    expect(name).toBe((await readKeyFile(path)).fingerprint);
    expect(verifierKey).toMatch(/^example\.com\/log\+[0-9a-f]{8}\+A/);
    expect(err).toBe('');
    const secret = (await readFile(path, 'utf8')).split('\n')[1] as string;
    expect(out).not.toContain(secret.slice(22));
  });

  it('leaves what is there alone, and makes no half of a pair', async () => {
    const path = newPath();
    await writeFile(`${path}.pub`, 'mine');
    const { code, err } = await integrity(['keygen', path]);
    expect([code, err]).toEqual([2, expect.stringContaining('never overwritten')]);
    await expect(access(path)).rejects.toThrow();
    const unnamed = newPath();
    expect((await integrity(['keygen', unnamed, '--witness'])).code).toBe(2);
    expect((await integrity(['keygen', unnamed, '--name', 'two words'])).code).toBe(2);
    await expect(access(unnamed)).rejects.toThrow();
  });
});
