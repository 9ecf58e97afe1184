/** A peer that is a program of its own: it reads requests, a line each, and answers each with a line. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { BenchError } from './errors.js';

export interface PeerProcessOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A running peer. Requests are answered one after the other. */
export class PeerProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<unknown>;
  #complaints = '';

  constructor(name: string, binary: string, { args = [], env }: PeerProcessOptions = {}) {
    this.#name = name;
    this.#child = spawn(binary, args, { stdio: 'pipe', ...(env && { env: { ...process.env, ...env } }) });
    // `once` rejects on 'error': a program that does not start ends the answers, and `ask` says so.
    this.#exit = once(this.#child, 'close').catch((error: Error) => {
      this.#complaints += error.message;
    });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr.on('data', (text: Buffer) => {
      this.#complaints = (this.#complaints + text.toString()).slice(-1000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws BenchError `BENCH_CASE_FAILED` when the peer cannot do it, or has ended */
  async ask(request: string): Promise<string> {
    this.#child.stdin.write(`${request}\n`);
    const { value, done } = await this.#lines.next();
    const [what = ''] = request.split('\n');
    if (done) {
      await this.#exit;
      throw new BenchError(
        'BENCH_CASE_FAILED',
        `${this.#name} ended while it was asked for "${what}": ${this.#complaints.trim() || 'it says nothing'}`,
      );
    }
    if (value.startsWith('error '))
      throw new BenchError('BENCH_CASE_FAILED', `${this.#name} on "${what}": ${value.slice(6)}`);
    return value;
  }

  /** Ends the program at once, whatever it does. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#exit;
  }
}
