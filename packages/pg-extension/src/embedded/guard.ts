import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { programPath } from './processes.js';

/**
 * Watches over an instance's directory while it is being filled, before there is a supervisor: a shell that removes
 * it unless we say that a supervisor has taken over. As root the directory is still root's and closed then, and the
 * supervisor, without privileges, could not remove it.
 */
export class Guard {
  readonly #child: ChildProcess & { stdin: Writable };
  readonly #gone: Promise<unknown>;

  constructor(base: string) {
    const script = 'read -r word; [ "$word" = over ] || rm -rf -- "$1"';
    this.#child = spawn('/bin/sh', ['-c', script, 'ruvector-postgres-guard', base], {
      cwd: '/',
      detached: true,
      env: { PATH: programPath() },
      stdio: ['pipe', 'ignore', 'ignore'],
    }) as ChildProcess & { stdin: Writable };
    this.#child.stdin.on('error', () => undefined);
    this.#gone = once(this.#child, 'exit').catch(() => undefined);
  }

  /** The supervisor is there: the guard goes and leaves the directory as it is. */
  release(): void {
    if (!this.#child.stdin.writableEnded) this.#child.stdin.end('over\n');
  }

  /** Removes the directory; resolves when that is done. */
  async discard(): Promise<void> {
    this.#child.stdin.end();
    await this.#gone;
  }
}
