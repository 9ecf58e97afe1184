/**
 * Peers in C and C++: `peer.cpp`, compiled for this machine against a library of the system, and one process of it a case.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { CutProblem } from '@ruvector/integrity';
import { cacheKey } from '../../cache.js';
import { throwIfAborted } from '../../errors.js';
import { findPackage, hashFiles } from '../../fingerprint.js';
import { PeerProcess } from '../../peer-process.js';
import type { AbsentPeer, Subject } from '../../suite.js';

export type NativeName = 'igraph' | 'boost';

interface Recipe {
  readonly define: string;
  readonly libraries: readonly string[];
  /** Debian's package of the headers. */
  readonly debian: string;
}

const recipes: Readonly<Record<NativeName, Recipe>> = {
  igraph: { define: 'PEER_IGRAPH', libraries: ['-ligraph'], debian: 'libigraph-dev' },
  boost: { define: 'PEER_BOOST', libraries: [], debian: 'libboost-graph-dev' },
};

const FLAGS = ['-std=c++17', '-O3', '-march=native'];

/** A peer that can be started. */
export interface NativePeer {
  readonly subject: Subject;
  readonly binary: string;
}

export interface CompileOptions {
  readonly signal: AbortSignal;
  /** The compiler; default g++. */
  readonly compiler?: string | undefined;
  /** Where binaries are kept; default `.cache/bench/integrity-peers` of the repository. */
  readonly directory?: string;
}

const run = promisify(execFile);

/** The first line of a compiler's output that says what is wrong. */
function complaint(error: unknown): string {
  const { stderr = '', message } = error as { stderr?: string; message: string };
  const lines = `${stderr}\n${message}`.split('\n').filter(Boolean);
  return (lines.find((line) => /error|undefined reference|cannot find/.test(line)) ?? lines[0] ?? '').trim();
}

/** Compiles a peer unless that has been done, or says why it cannot take part. */
export async function compilePeer(
  name: NativeName,
  options: CompileOptions,
): Promise<NativePeer | AbsentPeer> {
  const { signal, compiler = 'g++' } = options;
  const { define, libraries, debian } = recipes[name];
  const { root } = findPackage(import.meta.dirname, '@ruvector/bench');
  const source = join(root, 'src', 'suites', 'integrity', 'peer.cpp');
  const directory = options.directory ?? join(root, '..', '..', '.cache', 'bench', 'integrity-peers');
  const absent = (reason: string): AbsentPeer => ({
    name,
    reason,
    cure: `apt-get install g++ ${debian}`,
  });
  try {
    const { stdout } = await run(compiler, ['--version'], { signal });
    const [compilerVersion = ''] = stdout.split('\n');
    const key = cacheKey({
      source: await readFile(source, 'utf8'),
      compiler: compilerVersion,
      flags: [...FLAGS, define],
      processor: cpus()[0]?.model ?? '',
    });
    const binary = join(directory, key.slice(0, 16), name);
    if (!existsSync(binary)) {
      await mkdir(join(binary, '..'), { recursive: true });
      const temporary = `${binary}.${process.pid}.tmp`;
      try {
        await run(compiler, [...FLAGS, `-D${define}`, source, '-o', temporary, ...libraries], { signal });
        await rename(temporary, binary);
      } finally {
        await rm(temporary, { force: true });
      }
    }
    await using peer = new NativeProcess(name, binary);
    const version = await peer.ask('version');
    return {
      binary,
      subject: {
        name,
        version,
        fingerprint: hashFiles(directory, [binary]),
        details: { compiled: `${compilerVersion}, ${FLAGS.join(' ')}` },
      },
    };
  } catch (error) {
    throwIfAborted(signal);
    return absent(`${compiler} does not make its program: ${complaint(error)}`);
  }
}

/** A running peer, which takes graphs. */
export class NativeProcess extends PeerProcess {
  /** The numbers of an answer. */
  async askNumbers(request: string): Promise<readonly number[]> {
    return (await this.ask(request)).split(' ').map(Number);
  }

  /** Hands a graph over. @returns its number in later requests */
  async load({ nodeCount, sources, targets, weights }: CutProblem): Promise<number> {
    const lines = Array.from(weights, (weight, i) => `${sources[i]} ${targets[i]} ${weight}`);
    return Number(await this.ask([`graph ${nodeCount} ${weights.length}`, ...lines].join('\n')));
  }
}

/** A peer's process with the graphs of a case in it. */
export interface LoadedPeer {
  readonly name: NativeName;
  readonly process: NativeProcess;
  /** The peer's number of each graph. */
  readonly numbers: readonly number[];
}

/** The processes of a case. */
export class LoadedPeers implements AsyncDisposable {
  readonly peers: readonly LoadedPeer[];

  private constructor(peers: readonly LoadedPeer[]) {
    this.peers = peers;
  }

  /** Starts a process of each peer and hands it all graphs. */
  static async start(
    peers: Iterable<readonly [NativeName, NativePeer]>,
    graphs: readonly CutProblem[],
  ): Promise<LoadedPeers> {
    const started: LoadedPeer[] = [];
    const all = new LoadedPeers(started);
    try {
      for (const [name, { binary }] of peers) {
        const process = new NativeProcess(name, binary);
        const numbers: number[] = [];
        started.push({ name, process, numbers });
        for (const graph of graphs) numbers.push(await process.load(graph));
      }
    } catch (error) {
      await all[Symbol.asyncDispose]();
      throw error;
    }
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.peers) await process[Symbol.asyncDispose]();
  }
}
