/**
 * Checks records of the log in this browser, with the very code that `integrity verify` runs: the record is put together again from what
 * is shown, read strictly, hashed, and its signature checked with pure JavaScript. WebCrypto is not used: older browsers have no
 * Ed25519 in it, pages that are neither HTTPS nor loopback have none of it, and browsers need not agree on signatures that are
 * malformed on purpose, where this code gives one verdict in every host.
 *
 * What it cannot show: page and keys come from the server whose log it is. Against that server only a fingerprint and a
 * checkpoint help that came another way.
 */
import type { ServedEntry, ServedLog } from '../src/adapters/source.js';
import { CompactTree, hashLeaf } from '../src/audit/merkle.js';
import { parseRecord, recordHash } from '../src/audit/record.js';
import { fromBase64, toHex } from '../src/crypto/bytes.js';
import { defaultCrypto } from '../src/crypto/provider.js';

/** `here`: computed in this browser and it holds. `server`: the server says so. `bad`: it does not hold. `none`: nobody looked. */
export type Tick = 'here' | 'server' | 'bad' | 'none';

/** What is known of a record. */
export interface EntryCheck {
  /** Its hash is the SHA-256 of its bytes. */
  readonly hash: Tick;
  /** It names the hash of the record before; of the oldest one shown that cannot be seen here. */
  readonly link: Tick;
  /** `unsigned`: it has no signature, and says so. */
  readonly signature: Tick | 'unsigned';
}

export interface LogCheck {
  readonly entries: readonly EntryCheck[];
  /** The Merkle root; `here` only where the page has every record. */
  readonly root: Tick;
}

interface Body {
  readonly hash: Tick;
  readonly signature: Tick | 'unsigned';
  readonly leaf: Uint8Array | undefined;
}

const crypto = defaultCrypto();
const encoder = new TextEncoder();
/** Results by what they depend on: a signature costs a millisecond or two, and the same records come again and again. */
const known = new Map<string, Body>();
const mostKnown = 4096;

/** The record's bytes as `audit/record.ts` seals them; undefined where the source does not tell the signature. */
function recordBytes({ at, body, key, prev, seq, type, sig }: ServedEntry): Uint8Array | undefined {
  if (key !== null && typeof sig !== 'string') return undefined;
  const fields = (signer: string): string =>
    `{"at":${at},"body":${body},${signer}"prev":${JSON.stringify(prev)},"seq":${seq},"type":${JSON.stringify(type)},"v":1}`;
  return encoder.encode(
    key === null
      ? `{"event":${fields('')}}`
      : `{"event":${fields(`"key":${JSON.stringify(key)},`)},"sig":${JSON.stringify(sig)}}`,
  );
}

function publicKeyOf(log: ServedLog, fingerprint: string): Uint8Array | undefined {
  const text = log.keys?.find((key) => key.fingerprint === fingerprint)?.publicKey;
  const bytes = text === undefined ? undefined : fromBase64(text);
  // A fingerprint is the hash of the key: the server cannot name another one for it.
  return bytes !== undefined && toHex(crypto.sha256(bytes)) === fingerprint ? bytes : undefined;
}

function checkBody(entry: ServedEntry, log: ServedLog): Body {
  const said: Tick = entry.verified === null ? 'none' : entry.verified ? 'server' : 'bad';
  const bytes = recordBytes(entry);
  if (bytes === undefined) return { hash: said, signature: said, leaf: undefined };
  const bad: Body = { hash: 'bad', signature: entry.key === null ? 'unsigned' : 'bad', leaf: undefined };
  try {
    const record = parseRecord(bytes);
    // A body with a quote too many could move the fields behind it: what was read must be what is shown.
    const same =
      record.seq === entry.seq &&
      record.at === entry.at &&
      record.type === entry.type &&
      record.prev === entry.prev &&
      (record.key ?? null) === entry.key;
    if (!same || recordHash(bytes, crypto) !== entry.hash) return bad;
    const leaf = hashLeaf(bytes, crypto);
    if (record.key === undefined || record.signature === undefined)
      return { hash: 'here', signature: 'unsigned', leaf };
    const publicKey = publicKeyOf(log, record.key);
    if (publicKey === undefined) return { hash: 'here', signature: said, leaf };
    const holds = crypto.ed25519Verify(publicKey, record.message, record.signature);
    // The server may know more than a signature: a key that was revoked, say.
    return { hash: 'here', signature: holds && entry.verified !== false ? 'here' : 'bad', leaf };
  } catch {
    return bad;
  }
}

function bodyOf(entry: ServedEntry, log: ServedLog): Body {
  const { seq, at, type, prev, key, hash, sig, body, verified } = entry;
  const id = JSON.stringify([seq, at, type, prev, key, hash, sig, verified, body, log.keys?.length]);
  const before = known.get(id);
  if (before !== undefined) return before;
  const result = checkBody(entry, log);
  if (known.size >= mostKnown) known.clear();
  known.set(id, result);
  return result;
}

/** Checks what a view shows of its log: all its records, at a millisecond or two for each one that is new. */
export function checkLog(log: ServedLog): LogCheck {
  const { entries } = log;
  const bodies = entries.map((entry) => bodyOf(entry, log));
  const checks = entries.map((entry, i): EntryCheck => {
    const { hash, signature } = bodies[i] as Body;
    const before = entries[i - 1];
    let link: Tick;
    if (before === undefined) link = entry.seq === 0 ? (/^0{64}$/.test(entry.prev) ? 'here' : 'bad') : 'none';
    else if (before.seq + 1 !== entry.seq || before.hash !== entry.prev) link = 'bad';
    // A hash that was not computed here is only what the server says.
    else link = bodies[i - 1]?.hash === 'here' ? 'here' : 'server';
    return { hash, link, signature };
  });
  const whole = entries.length > 0 && entries[0]?.seq === 0 && entries.length === log.size;
  if (!whole || bodies.some(({ leaf }) => leaf === undefined)) return { entries: checks, root: 'server' };
  const tree = new CompactTree(crypto);
  for (const { leaf } of bodies) tree.append(leaf as Uint8Array);
  return { entries: checks, root: toHex(tree.root()) === log.root ? 'here' : 'bad' };
}
