/**
 * The server's parent process: a shell in a session of its own that outlives ours just long enough.
 *
 * It holds the reading end of a pipe whose only writer is this process. However this process ends, by return, by an
 * uncaught exception or by kill -9, the kernel closes the pipe; the supervisor then stops the server and removes
 * the instance's directory. Being the parent of initdb and of the postmaster, it can wait for them, and never
 * signals a stranger that has got a dead process's id. A session of its own keeps a terminal's Ctrl-C from it.
 *
 * Should somebody kill the supervisor itself, Linux sends the postmaster SIGINT, a fast shutdown: setpriv(1) asks for
 * that (prctl(2), PR_SET_PDEATHSIG) before it turns into the postmaster.
 *
 * Conversation, one line each:
 *
 * | supervisor says | we say |
 * |---|---|
 * | `alive`: the FIFO is open, nothing is started yet | `go` |
 * | `initdb <status>`, when there is a cluster to make | |
 * | `postmaster <pid>` | |
 * | | `stop`: fast shutdown |
 * | `exited <status>`: initdb failed or the server has ended | end of file, after the log has been read |
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Account } from './account.js';
import type { Instance } from './instance.js';

/**
 * `sh -c script name base salvage patience n [n words: initdb] [words: postgres]`, with `patience` in tenths of a
 * second between a fast and an immediate shutdown. Nothing is interpolated.
 *
 * The stop signal is repeated: a background process of a shell starts with SIGINT ignored, and one that has not set
 * its handler yet does not see the first. Likewise the watcher repeats SIGTERM, because the first may come
 * between a look at `stopping` and `wait`.
 *
 * A postmaster that was killed leaves its shared memory behind, which lies outside the directory. The next PostgreSQL in the
 * same data directory removes it (sysv_shmem.c, PGSharedMemoryCreate). For temporary data, `salvage`, there would be
 * no next one: so one is started that ends at once.
 */
const script = `
umask 077
base=$1 salvage=$2 patience=$3 count=$4
shift 4
pid= stopping= named= status=0
exec 3<&0 </dev/null

say() { (printf '%s\\n' "$*") 2>/dev/null || :; }

remove() {
  for try in 1 2 3 4 5; do rm -rf -- "$base" && exit 0; sleep 0.2; done
  exit 1
}

mkfifo -m 600 "$base/alive" || exit 1
exec 8<>"$base/alive"
trap 'stopping=1' TERM HUP INT QUIT
say alive
read -r line <&3 || remove

( trap - TERM; read -r line <&3; while kill -TERM $$; do sleep 0.2; done ) >/dev/null 2>&1 8<&- &
watcher=$!

end() {
  kill "$watcher" 2>/dev/null
  n=0
  while kill -0 "$pid" 2>/dev/null; do
    if [ $((n % 2)) = 0 ]; then
      if [ $n -lt "$patience" ]; then kill -INT "$pid"
      elif [ $n -lt $((patience + 60)) ]; then kill -QUIT "$pid"
      else kill -KILL "$pid"
      fi 2>/dev/null
    fi
    n=$((n + 1))
    sleep 0.1
  done
}

run() {
  "$@" >>"$base/log" 2>&1 3<&- 8<&8 &
  pid=$!
  [ -z "$named" ] || say "$named $pid"
  while [ -z "$stopping" ]; do
    wait "$pid"
    status=$?
    kill -0 "$pid" 2>/dev/null || { pid=; return; }
  done
  end
  wait "$pid"
  status=$?
  pid=
}

initialize() {
  n=$1
  shift
  rest=$(($# - n))
  while [ $n -gt 0 ]; do set -- "$@" "$1"; shift; n=$((n - 1)); done
  shift $rest
  run "$@"
  [ -n "$stopping" ] || say "initdb $status"
}

tidy() {
  program=$1
  shift
  limit=
  if command -v timeout >/dev/null; then limit='timeout 10'; fi
  for try in 1 2 3 4 5 6 7 8 9 10; do
    [ -n "$salvage" ] && [ -e "$salvage/postmaster.pid" ] || return 0
    $limit "$program" --single "$@" postgres >>"$base/log" 2>&1 3<&- 8<&8 || sleep 0.2
  done
}

if [ "$count" -gt 0 ]; then
  initialize "$count" "$@"
  shift "$count"
fi
if [ -z "$stopping" ] && [ "$status" = 0 ]; then
  named=postmaster
  if setpriv --pdeathsig INT true 2>/dev/null; then run setpriv --pdeathsig INT "$@"; else run "$@"; fi
  tidy "$@"
fi
kill "$watcher" 2>/dev/null
say "exited $status"
while read -r line <&3; do :; done
remove
`;

/** What the supervisor reports. */
export interface SupervisorEvents {
  readonly onLine: (line: string) => void;
  /** The supervisor has ended, whatever the reason. */
  readonly onGone: () => void;
}

export interface Commands {
  /** Program and arguments, or empty when the cluster exists. */
  readonly initdb: readonly string[];
  readonly postgres: readonly string[];
  /** The data directory when it is temporary: what a killed server leaves outside of it is removed. */
  readonly salvage: string | undefined;
  /** Seconds that a fast shutdown may take before it becomes an immediate one. */
  readonly patience: number;
  readonly env: Readonly<Record<string, string>>;
}

/** One running supervisor. */
export class Supervisor {
  readonly #child: ChildProcess & { stdin: Writable; stdout: Readable };
  #gone = false;

  constructor(
    instance: Instance,
    account: Account | undefined,
    commands: Commands,
    events: SupervisorEvents,
  ) {
    const { initdb, postgres, patience, env } = commands;
    const numbers = [String(Math.ceil(patience * 10)), String(initdb.length)];
    const words = [instance.base, commands.salvage ?? '', ...numbers, ...initdb, ...postgres];
    this.#child = spawn('/bin/sh', ['-c', script, 'ruvector-postgres-supervisor', ...words], {
      cwd: '/',
      detached: true,
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    });
    // A write to a supervisor that has ended fails with EPIPE; that it has ended is reported by 'exit'.
    this.#child.stdin.on('error', () => undefined);
    const gone = (): void => {
      if (this.#gone) return;
      this.#gone = true;
      events.onGone();
    };
    this.#child.on('error', gone);
    this.#child.on('exit', gone);
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) events.onLine(line);
    });
  }

  say(line: 'go' | 'stop'): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Ends the conversation: the supervisor stops what runs, removes the directory and ends. */
  hangUp(): void {
    this.#child.stdin.end();
  }

  /** Whether this process stays for the supervisor's sake. A server alone must not keep a program from ending. */
  hold(held: boolean): void {
    const method = held ? 'ref' : 'unref';
    this.#child[method]();
    for (const stream of [this.#child.stdin, this.#child.stdout]) {
      (stream as unknown as { ref?(): void; unref?(): void })[method]?.();
    }
  }
}
