/**
 * A second reader of the format, written from doc/log-format.md with what Node has built in and nothing of the package. What the
 * document says and what the package writes must be the same.
 */
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinRecords, memoryStore, verifyLog } from '../../src/index.js';
import { allRecords, openLog, testSigner } from '../support/audit-fixture.js';

const document = readFileSync(join(import.meta.dirname, '..', '..', 'doc', 'log-format.md'), 'utf8');

interface Event {
  readonly body: Record<string, string>;
  readonly key: string;
  readonly prev: string;
  readonly seq: number;
  readonly type: string;
}

function hash(...parts: readonly (string | Buffer)[]): Buffer {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
}

function signed(publicKey: Buffer, message: string, signature: string): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verifySignature(null, Buffer.from(message), key, Buffer.from(signature, 'base64'));
}

/** RFC 6962 section 2.1, MTH. */
function merkleRoot(leaves: readonly string[]): Buffer {
  if (leaves.length === 0) return hash();
  if (leaves.length === 1) return hash(Buffer.of(0), leaves[0] as string);
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return hash(Buffer.of(1), merkleRoot(leaves.slice(0, k)), merkleRoot(leaves.slice(k)));
}

/** Reads a file as the document says; throws where it must not be so. */
function readLog(
  file: string,
  trusted: string,
): { readonly root: string; readonly types: readonly string[] } {
  const lines = file.split('\n');
  expect(lines.pop()).toBe('');
  const keys = new Map<string, Buffer>();
  let prev = '0'.repeat(64);
  const types: string[] = [];
  for (const [seq, line] of lines.entries()) {
    const [, text = '', signature = ''] = /^\{"event":(.*),"sig":"([^"]*)"\}$/.exec(line) ?? [];
    const event = JSON.parse(text) as Event;
    const learn = (base64: string): string => {
      const publicKey = Buffer.from(base64, 'base64');
      const name = hash(publicKey).toString('hex');
      keys.set(name, publicKey);
      return name;
    };
    if (seq === 0) expect(learn(event.body.publicKey as string)).toBe(trusted);
    expect([event.seq, event.prev]).toEqual([seq, prev]);
    expect(signed(keys.get(event.key) as Buffer, `ruvector-integrity/event/v1\n${text}`, signature)).toBe(
      true,
    );
    if (event.type === 'key-rotation') {
      const { replaces } = event.body;
      const next = learn(event.body.next as string);
      const place = `{"next":"${next}","prev":"${prev}","replaces":"${replaces}","seq":${seq}}`;
      const message = `ruvector-integrity/rotation/v1\n${place}`;
      expect(signed(keys.get(next) as Buffer, message, event.body.proof as string)).toBe(true);
    }
    prev = hash(line).toString('hex');
    types.push(event.type);
  }
  return { root: merkleRoot(lines).toString('base64'), types };
}

describe('the document of the format', () => {
  it('is enough to read what the package writes', async () => {
    const store = memoryStore();
    const log = await openLog(store);
    for (let i = 0; i < 5; i++) log.append({ type: 'transition', body: { i, text: 'é"\\\n' } });
    log.rotate(testSigner(2), { reason: 'yearly' });
    log.append({ type: 'policy', body: { nested: [{ b: null, a: true }] } });
    const checkpoint = await log.checkpoint();
    const records = await allRecords(store);
    const trusted = testSigner(1).fingerprint;
    const read = readLog(Buffer.from(joinRecords(records)).toString(), trusted);
    expect(read.types.slice(-2)).toEqual(['key-rotation', 'policy']);
    expect(checkpoint.split('\n').slice(0, 3)).toEqual(['example.com/test', '8', read.root]);
    expect((await verifyLog(records, { trustedKeys: [trusted], checkpoints: [checkpoint] })).root).toBe(
      read.root,
    );
  });

  it('shows a record whose hash and signature are right', () => {
    const [, line = ''] = /```\n(\{"event".*\})\n```/.exec(document) ?? [];
    expect(document).toContain(hash(line).toString('hex'));
    const [, text = '', signature = ''] = /^\{"event":(.*),"sig":"([^"]*)"\}$/.exec(line) ?? [];
    const { publicKey, fingerprint } = testSigner(1);
    expect((JSON.parse(text) as Event).key).toBe(fingerprint);
    expect(signed(Buffer.from(publicKey), `ruvector-integrity/event/v1\n${text}`, signature)).toBe(true);
  });
});
