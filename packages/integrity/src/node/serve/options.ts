/** Options of `serveIntegrity`, checked. */
import { isIP } from 'node:net';
import { checkInteger, checkKeys, checkName, checkObject, describe } from '../../check.js';
import { IntegrityError } from '../../errors.js';

/** How a page is served. */
export interface ServeOptions {
  /** The address to bind; default `127.0.0.1`. Anything but a loopback address needs a `token`. */
  readonly host?: string;
  /** Default 0: the system chooses a free one. */
  readonly port?: number;
  /** What callers must show, 16 to 512 printable ASCII characters without spaces; make it of 32 random bytes. Default: none. */
  readonly token?: string;
  /**
   * More names by which callers may reach the server, without port: a proxy's, or the machine's. Requests with other names are
   * refused, so that a foreign page cannot reach the server under a name of its own (DNS rebinding).
   */
  readonly hostnames?: readonly string[];
  /** How many pages may follow at a time; 1 to 1,000, default 32. */
  readonly maxClients?: number;
  /** The shortest time between two updates in milliseconds; 50 to 60,000, default 250. */
  readonly intervalMs?: number;
  /** Ends the server when it fires, as `close` does. */
  readonly signal?: AbortSignal;
  /** A directory with `index.html`, `page.js` and `page.css` in the place of this package's. */
  readonly pageDirectory?: string | URL;
}

/** Options with their defaults. */
export interface ResolvedServeOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
  readonly hostnames: ReadonlySet<string>;
  /** Whether any address is a valid name of the server: it is bound to all of them. */
  readonly anyAddress: boolean;
  readonly maxClients: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal | undefined;
  readonly pageDirectory: string | URL | undefined;
}

const known = [
  'host',
  'port',
  'token',
  'hostnames',
  'maxClients',
  'intervalMs',
  'signal',
  'pageDirectory',
] as const;

/** Whether only this machine can reach an address. Names other than `localhost` count as reachable: a resolver decides them. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function checkToken(token: unknown): string {
  if (typeof token === 'string' && /^[\x21-\x7e]{16,512}$/.test(token)) return token;
  // The value itself never goes into a message: it is a secret, if perhaps a bad one.
  throw new IntegrityError(
    'ERR_INTEGRITY_ARGUMENT',
    `token must be 16 to 512 printable ASCII characters without spaces, not ${typeof token === 'string' ? `a string of ${token.length}` : describe(token)}; openssl rand -hex 32 makes one`,
    { field: 'token' },
  );
}

/** @throws IntegrityError `ERR_INTEGRITY_ARGUMENT`, `field` names the option */
export function resolveServeOptions(options: ServeOptions): ResolvedServeOptions {
  checkKeys(checkObject(options, 'options'), 'options', known);
  const { host = '127.0.0.1', hostnames = [], signal, pageDirectory } = options;
  checkName(host, 'host', 253);
  const token = options.token === undefined ? undefined : checkToken(options.token);
  if (!isLoopback(host) && token === undefined)
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `host ${describe(host)} can be reached from other machines, and the page shows the graph and the log: give a token that callers must show, or bind 127.0.0.1`,
      { field: 'token' },
    );
  if (!Array.isArray(hostnames))
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `hostnames must be an array, not ${describe(hostnames)}`,
      {
        field: 'hostnames',
      },
    );
  const names = hostnames.map((name, i) => checkName(name, `hostnames[${i}]`, 253).toLowerCase());
  return {
    host,
    port: checkInteger(options.port ?? 0, 'port', 0, 65_535),
    token,
    hostnames: new Set([
      host.toLowerCase(),
      ...(isLoopback(host) ? ['localhost', '127.0.0.1', '::1'] : []),
      ...names,
    ]),
    anyAddress: host === '0.0.0.0' || host === '::',
    maxClients: checkInteger(options.maxClients ?? 32, 'maxClients', 1, 1000),
    intervalMs: checkInteger(options.intervalMs ?? 250, 'intervalMs', 50, 60_000),
    signal,
    pageDirectory,
  };
}
