import { execFile } from 'node:child_process';
import { access, appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AuditLog } from '../../src/audit/log.js';
import { formatNoteKey, noteKey } from '../../src/audit/note.js';
import { defaultCrypto } from '../../src/crypto/provider.js';
import { fileStore } from '../../src/node/file-store.js';
import { createKeyFile, createPublicKeyFile, readKeyFile } from '../../src/node/keys.js';
import { integrity } from '../support/node-cli.js';
import { scratchDirectory } from '../support/node-log.js';

const directory = await scratchDirectory();
let logs = 0;

/** A log of 10 events with its key files; `standby` has the power to revoke. */
async function newLog(): Promise<{
  readonly log: string;
  readonly key: string;
  readonly pub: string;
  readonly standby: string;
  grow(): Promise<void>;
}> {
  const base = join(directory, String(++logs));
  const [log, key, standby] = [`${base}.log`, `${base}.key`, `${base}.standby`];
  await createPublicKeyFile(`${key}.pub`, (await createKeyFile(key)).publicKey);
  const offline = await createKeyFile(standby);
  const grow = async (): Promise<void> => {
    const opened = await AuditLog.open(await fileStore(log, { fsync: 'never' }), {
      origin: 'example.com/cli',
      signer: await readKeyFile(key),
      standby: [offline.publicKey],
      clock: Date.now,
    });
    for (let i = 0; i < 10; i++) opened.append({ type: i % 2 ? 'sample' : 'transition', body: { i } });
    await opened.close();
  };
  await grow();
  return { log, key, pub: `${key}.pub`, standby, grow };
}

async function verifierKey(key: string, name: string, more: readonly string[] = []): Promise<string> {
  const { out } = await integrity(['keygen', key, '--name', name, ...more]);
  return out.trim().split('\n')[1] as string;
}

describe('integrity verify', () => {
  it('says 0 and the size, root and origin for a log that verifies', async () => {
    const { log, pub } = await newLog();
    const { code, out, err } = await integrity(['verify', '--key', pub, log]);
    expect(code).toBe(0);
    expect(out).toMatch(/^verified\norigin example\.com\/cli\nsize 11\nroot \S{44}\nhash [0-9a-f]{64}\n$/);
    expect(err).toContain('11 records of example.com/cli');
  });

  it('says 1 and which record for a log that was changed', async () => {
    const { log, pub } = await newLog();
    const text = await readFile(log, 'latin1');
    await writeFile(log, text.replace('{"i":4}', '{"i":5}'), 'latin1');
    const { code, out, err } = await integrity(['verify', log, '--key', pub]);
    expect([code, out.split('\n')[0]]).toEqual([1, 'not verified']);
    expect(err).toContain('record 5: ');
    const json = await integrity(['verify', log, '--key', pub, '--json', '--quiet']);
    expect([json.code, json.err]).toEqual([1, '']);
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ seq: 5 }, {}] });
  });

  it('says 2 for what is no question', async () => {
    const { log, pub } = await newLog();
    for (const [args, words] of [
      [[log], /required option '--key/],
      [[`${log}.none`, '--key', pub], /ENOENT/],
      [[directory, '--key', pub], /not a regular file/],
      [[log, '--key', `${pub}.none`], /integrity keygen/],
      [[log, '--key', '0123456789abcdef'], /64 digits/],
      [[log, '--key', pub, '--checkpoint', `${log}.none`], /cannot read the checkpoint/],
      [[log, '--key', pub, '--witness', 'w+1+x'], /needs --checkpoint/],
      [[log, '--key', pub, '--quorum', 'two'], /not a whole number/],
      [[log, '--key', pub, '--keys', 'x'], /unknown option/],
      [[], /missing required argument|required option/],
    ] as const) {
      const { code, out, err } = await integrity(['verify', ...args]);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(words);
    }
  });

  it('finds records that are missing at the end only against a checkpoint', async () => {
    const { log, key, pub } = await newLog();
    const { code, out } = await integrity(['checkpoint', log, '--key', key, '--quiet']);
    expect(code).toBe(0);
    await writeFile(`${log}.checkpoint`, out);
    const kept = ['--key', pub, '--checkpoint', `${log}.checkpoint`];
    expect((await integrity(['verify', log, ...kept])).code).toBe(0);
    const lines = (await readFile(log, 'utf8')).split('\n');
    await writeFile(log, `${lines.slice(0, 6).join('\n')}\n`);
    expect((await integrity(['verify', log, '--key', pub])).code).toBe(0);
    const cut = await integrity(['verify', log, ...kept]);
    expect(cut.code).toBe(1);
    expect(cut.err).toContain('[truncated]');
  });

  it('reads the standard input, and says what to do about an end that was cut off', async () => {
    const { log, pub } = await newLog();
    const input = await readFile(log);
    expect((await integrity(['verify', '-', '--key', pub], { input })).code).toBe(0);
    const torn = await integrity(['verify', '-', '--key', pub], { input: input.subarray(0, -9) });
    expect(torn.code).toBe(1);
    expect(torn.err).toContain('when it opens it');
  });

  it('colours words on a terminal alone, and not with NO_COLOR', async () => {
    const { log, pub } = await newLog();
    const args = ['verify', log, '--key', pub];
    const sequence = '\u001b[';
    expect((await integrity(args, { terminal: true })).err).toContain(sequence);
    expect((await integrity(args, { terminal: true, env: { NO_COLOR: '1' } })).err).not.toContain(sequence);
    expect((await integrity(args)).err).not.toContain(sequence);
  });

  it('counts on a terminal once it takes longer than two seconds', async () => {
    const { log, pub } = await newLog();
    let time = 0;
    const slow = { terminal: true, now: () => (time += 1500) };
    expect((await integrity(['verify', log, '--key', pub], slow)).err).toContain('records verified: 11');
    expect((await integrity(['verify', log, '--key', pub, '--quiet'], slow)).err).toBe('');
    expect((await integrity(['verify', log, '--key', pub], { ...slow, terminal: false })).err).not.toContain(
      'records verified',
    );
  });
});

describe('integrity rotate and revoke', () => {
  it('put a new key in the place of the old one, from the root on', async () => {
    const { log, key, pub } = await newLog();
    const next = `${key}.next`;
    const { fingerprint } = await createKeyFile(next);
    const rotated = await integrity(['rotate', log, '--key', key, '--new', next, '--reason', 'yearly']);
    expect([rotated.code, rotated.out]).toEqual([0, `${fingerprint}\n`]);
    expect((await integrity(['verify', log, '--key', pub])).code).toBe(0);
    // The old key has lost its right to sign, the new one is not a root.
    expect((await integrity(['checkpoint', log, '--key', key])).code).toBe(1);
    expect((await integrity(['checkpoint', log, '--key', next])).code).toBe(1);
    expect((await integrity(['checkpoint', log, '--key', next, '--root', pub])).code).toBe(0);
    expect((await integrity(['verify', log, '--key', fingerprint])).code).toBe(1);
  });

  it('let a standby key dispute what a stolen key signed', async () => {
    const { log, pub, standby } = await newLog();
    const common = ['--key', standby, '--root', pub, '--target', pub, '--reason', 'stolen'];
    const revoked = await integrity(['revoke', log, ...common, '--from', '8', '--json']);
    expect(revoked.code).toBe(0);
    expect(JSON.parse(revoked.out)).toMatchObject({ seq: 11, from: 8 });
    expect((await integrity(['verify', log, '--key', pub])).code).toBe(1);
    expect((await integrity(['verify', log, '--key', pub, '--accept-disputed'])).code).toBe(0);
    const again = await integrity(['revoke', log, ...common]);
    expect(again.code).toBe(1);
    expect(again.err).toContain('already revoked');
  });

  it('never make a log, and leave one that is open alone', async () => {
    const { log, key } = await newLog();
    const missing = await integrity(['checkpoint', `${log}.new`, '--key', key]);
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('there is no log')]);
    await expect(access(`${log}.new`)).rejects.toThrow();
    const store = await fileStore(log);
    const before = await readFile(log);
    const locked = await integrity(['checkpoint', log, '--key', key]);
    expect([locked.code, locked.err]).toEqual([2, expect.stringContaining('close it there')]);
    expect(await readFile(log)).toEqual(before);
    await store.close();
  });

  it('refuse a log that does not verify', async () => {
    const { log, key } = await newLog();
    await appendFile(log, '{"event":{}}\n');
    const { code, err } = await integrity(['checkpoint', log, '--key', key]);
    expect(code).toBe(1);
    expect(err).toContain('does not verify');
  });
});

describe('integrity export', () => {
  it('gives a copy that verifies like the log', async () => {
    const { log, pub } = await newLog();
    const { code, out } = await integrity(['export', log]);
    expect([code, out]).toEqual([0, await readFile(log, 'utf8')]);
    expect((await integrity(['verify', '-', '--key', pub], { input: out })).code).toBe(0);
  });

  it('gives parts, types and decoded events', async () => {
    const { log } = await newLog();
    const lines = (await readFile(log, 'utf8')).split('\n');
    expect((await integrity(['export', log, '--from', '2', '--to', '4'])).out).toBe(
      `${lines[2]}\n${lines[3]}\n`,
    );
    const { out } = await integrity(['export', log, '--events', '--type', 'sample', '--type', 'genesis']);
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; type: string; body: { i?: number } });
    expect(events.map(({ seq }) => seq)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(events[1]).toMatchObject({ type: 'sample', body: { i: 1 } });
    expect((await integrity(['export', log, '--from', '5', '--to', '4'])).code).toBe(2);
  });

  it('leaves out an end that is not a record, and says so', async () => {
    const { log } = await newLog();
    const whole = await readFile(log, 'utf8');
    await truncate(log, whole.length - 4);
    const { code, out, err } = await integrity(['export', log]);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(10);
    expect(err).toContain('inside a record');
  });
});

describe('integrity witness', () => {
  it('cosigns a log that only grows, remembers it, and its line makes the checkpoint verify', async () => {
    const { log, key, pub, grow } = await newLog();
    const base = `${log}.w`;
    const witness = await verifierKey(`${base}.key`, 'witness.example/1', ['--witness']);
    const logKey = formatNoteKey(
      noteKey('example.com/cli', (await readKeyFile(key)).publicKey, defaultCrypto()),
    );
    const cosign = ['--key', `${base}.key`, '--name', 'witness.example/1', '--log-key', logKey];
    const state = ['--state', `${base}.state`];
    const round = async (old: number, more: readonly string[]) => {
      const checkpoint = (await integrity(['checkpoint', log, '--key', key])).out;
      await writeFile(`${base}.checkpoint`, checkpoint);
      const request = await integrity([
        ...['witness', 'request', log, '--root', pub],
        ...['--checkpoint', `${base}.checkpoint`, '--old', String(old)],
      ]);
      expect(request.code).toBe(0);
      const answer = await integrity(['witness', 'cosign', '-', ...cosign, ...state, ...more], {
        input: request.out,
      });
      if (answer.code === 0) await appendFile(`${base}.checkpoint`, answer.out);
      return answer;
    };
    // A state that is missing by accident is not a new log.
    expect((await round(0, [])).code).toBe(2);
    expect((await round(0, ['--new'])).code).toBe(0);
    await grow();
    expect((await round(11, ['--new'])).code).toBe(2);
    expect((await round(11, [])).code).toBe(0);
    const verify = ['--key', pub, '--checkpoint', `${base}.checkpoint`, '--witness', witness];
    expect((await integrity(['verify', log, ...verify])).code).toBe(0);
    // From another size than the witness remembers.
    const stale = await round(11, []);
    expect([stale.code, stale.err]).toEqual([1, expect.stringContaining('ask again with old 21')]);
    // Without its cosignature.
    await writeFile(`${base}.checkpoint`, (await integrity(['checkpoint', log, '--key', key])).out);
    expect((await integrity(['verify', log, ...verify])).code).toBe(1);
    await writeFile(`${base}.state`, '{}');
    expect((await round(21, [])).err).toContain('must not sign');
  });

  it('refuses a second history', async () => {
    const { log, key, pub } = await newLog();
    const base = `${log}.w`;
    await verifierKey(`${base}.key`, 'witness.example/1', ['--witness']);
    const signer = await readKeyFile(key);
    const logKey = formatNoteKey(noteKey('example.com/cli', signer.publicKey, defaultCrypto()));
    const ask = async (file: string, old: number, more: readonly string[]) => {
      await writeFile(`${base}.checkpoint`, (await integrity(['checkpoint', file, '--key', key])).out);
      const request = await integrity([
        ...['witness', 'request', file, '--root', pub],
        ...['--checkpoint', `${base}.checkpoint`, '--old', String(old)],
      ]);
      return integrity(
        [
          ...['witness', 'cosign', '-', '--key', `${base}.key`, '--name', 'witness.example/1'],
          ...['--log-key', logKey, '--state', `${base}.state`, ...more],
        ],
        { input: request.out },
      );
    };
    expect((await ask(log, 0, ['--new'])).code).toBe(0);
    const lines = (await readFile(log, 'utf8')).split('\n');
    await writeFile(`${log}.fork`, `${lines.slice(0, 9).join('\n')}\n`);
    const fork = await AuditLog.open(await fileStore(`${log}.fork`), { signer, clock: Date.now });
    for (let i = 0; i < 5; i++) fork.append({ type: 'sample', body: { other: i } });
    await fork.close();
    const before = await readFile(`${base}.state`, 'utf8');
    const { code, out } = await ask(`${log}.fork`, 11, []);
    expect([code, out]).toEqual([1, '']);
    expect(await readFile(`${base}.state`, 'utf8')).toBe(before);
  });
});

describe('the command line', () => {
  it('helps, with examples, tells its version and suggests', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(await integrity(['--version'])).toMatchObject({ code: 0, out: `${version}\n` });
    for (const command of [
      'keygen',
      'verify',
      'checkpoint',
      'witness',
      'export',
      'serve',
      'rotate',
      'revoke',
    ]) {
      const { code, out } = await integrity([command, '--help']);
      expect([code, out]).toEqual([0, expect.stringContaining('Example')]);
    }
    expect(await integrity([])).toMatchObject({ code: 2, out: '' });
    expect((await integrity(['verfy'])).err).toContain('Did you mean verify?');
  });

  it('works as a program: exit code, standard output and error', async () => {
    const { log, pub } = await newLog();
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const execute = promisify(execFile);
    const { stdout } = await execute(process.execPath, [main, 'verify', log, '--key', pub, '--quiet']);
    expect(stdout).toMatch(/^verified\n/);
    await truncate(log, 100);
    const failed = await execute(process.execPath, [main, 'verify', log, '--key', pub]).catch(
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringMatching(/^not verified\n/) });
  });

  it('takes a reader that stops early for no error', async () => {
    const { log, grow } = await newLog();
    for (let i = 0; i < 40; i++) await grow(); // more than a pipe holds
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      'set -o pipefail; "$0" "$1" export "$2" --quiet | head -c 1',
      process.execPath,
      fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)),
      log,
    ]);
    expect(stdout).toBe('{');
  });
});
