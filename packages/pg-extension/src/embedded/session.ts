/** One server from its supervisor's first word to its last: start, wait until ready, stop, clean up. */
import { lstat } from 'node:fs/promises';
import type { Account } from './account.js';
import type { DataDirectory } from './cluster.js';
import { deferred } from './deferred.js';
import { EmbeddedError } from './errors.js';
import { held, type Instance } from './instance.js';
import { complaint, logTail, readLog } from './log.js';
import { postmasterAlive, readPostmasterFile } from './processes.js';
import { type Commands, Supervisor } from './supervisor.js';
import { removeTree } from './sweep.js';

const pollMs = 20;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface SessionOptions {
  readonly instance: Instance;
  readonly account: Account | undefined;
  readonly data: DataDirectory;
  readonly commands: Commands;
  /** The supervisor answers for the directory from here on. */
  readonly onAlive: () => void;
  /** The new cluster is made; the server starts. */
  readonly onInitialized: () => void;
}

/** States: starting, running, ended (server gone, directory being removed), gone (nothing left). */
export class Session {
  readonly #options: SessionOptions;
  readonly #supervisor: Supervisor;
  readonly #gone = deferred<void>();
  readonly #ready = deferred<number>();
  #ended = false;
  #supervisorGone = false;
  #initdbStatus = 0;
  #finalLog: string | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#supervisor = new Supervisor(options.instance, options.account, options.commands, {
      onLine: (line) => this.#hear(line),
      onGone: () => {
        this.#supervisorGone = true;
        if (!this.#ended) this.#end();
        this.#gone.resolve();
      },
    });
  }

  /** Resolves with the postmaster's process id when the server takes connections. */
  get ready(): Promise<number> {
    return this.#ready.promise;
  }

  /** What initdb and the server have printed; the last state of it when they are gone. */
  log(): string {
    return this.#finalLog ?? readLog(this.#options.instance.log);
  }

  #hear(line: string): void {
    const [word, argument = ''] = line.split(' ');
    switch (word) {
      case 'alive':
        this.#options.onAlive();
        this.#supervisor.say('go');
        break;
      case 'initdb':
        this.#initdbStatus = Number(argument);
        if (this.#initdbStatus === 0) this.#tell(this.#options.onInitialized);
        break;
      case 'postmaster':
        void this.#awaitReady(Number(argument));
        break;
      case 'exited':
        this.#end();
        this.#supervisor.hangUp();
        break;
    }
  }

  /** What the caller's function throws is how the start ends. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#ready.reject(error);
    }
  }

  #end(): void {
    this.#finalLog = readLog(this.#options.instance.log);
    this.#ended = true;
    const log = logTail(this.#finalLog);
    const [code, what] =
      this.#initdbStatus === 0
        ? (['ERR_EMBEDDED_START', 'The server did not start'] as const)
        : (['ERR_EMBEDDED_INITDB', 'initdb failed'] as const);
    this.#ready.reject(
      new EmbeddedError(code, `${what}: ${complaint(log) || 'it printed nothing'}`, { log }),
    );
  }

  /** The postmaster writes `ready` into its file, as pg_ctl(1) waits for. */
  async #awaitReady(pid: number): Promise<void> {
    while (!this.#ended) {
      const file = await readPostmasterFile(this.#options.data.path);
      if (file?.pid === pid && file.status === 'ready') {
        this.#ready.resolve(pid);
        return;
      }
      await sleep(pollMs);
    }
  }

  /** Lets a program end although the server runs: the supervisor notices and stops it. */
  release(): void {
    if (this.#stopping === undefined) this.#supervisor.hold(false);
  }

  /**
   * Stops the server and removes what was made for it. Every call gives the same promise.
   *
   * @throws {EmbeddedError} `ERR_EMBEDDED_STOP`
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { instance } = this.#options;
    if (!this.#supervisorGone) {
      this.#supervisor.hold(true);
      if (!this.#ended) this.#supervisor.say('stop');
    }
    await this.#gone.promise;
    // 'no' and 'yes': the supervisor was killed before it could clean up.
    if ((await held(instance.base)) === 'unborn' && !(await exists(instance.base))) return;
    await this.#reclaim();
  }

  /** Does the supervisor's work for one that was killed. */
  async #reclaim(): Promise<void> {
    const { instance, account, data, commands } = this.#options;
    const patience = commands.patience * 1000;
    const signals = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;
    for (const signal of signals) {
      const end = Date.now() + patience;
      while ((await held(instance.base)) === 'yes' && Date.now() < end) {
        const file = await readPostmasterFile(data.path);
        if (file !== undefined && (await postmasterAlive(data.path))) kill(file.pid, signal);
        await sleep(100);
      }
    }
    const uid = account?.uid ?? process.getuid?.() ?? 0;
    const gid = account?.gid ?? process.getgid?.() ?? 0;
    if ((await held(instance.base)) === 'yes' || !(await removeTree(instance.base, uid, gid))) {
      throw new EmbeddedError(
        'ERR_EMBEDDED_STOP',
        `The server's directory ${instance.base} could not be removed`,
      );
    }
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}
