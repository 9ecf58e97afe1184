/**
 * Who may ask. Three questions, in this order: is the server meant (Host), did a foreign page send this (Sec-Fetch-Site), and
 * does the caller know the token.
 *
 * A page under a name of its own can make a browser ask a server on loopback, by resolving that name to 127.0.0.1 after it was
 * loaded. What it cannot do is make the browser send another Host. So the name decides, token or not.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { ResolvedServeOptions } from './options.js';

/** Why a request is refused; undefined: it is not. */
export type Refused = 'misdirected' | 'foreign' | 'unauthorized';

/** The name and port of a Host header (RFC 9110 section 7.2); undefined if it is none. IPv6 without brackets. */
export function parseHost(
  header: string | undefined,
): { name: string; port: number | undefined } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?$/.exec(header ?? '');
  if (match === null) return undefined;
  const name = (match[1] ?? match[2] ?? '').toLowerCase();
  if (match[1] !== undefined && isIP(name) !== 6) return undefined;
  return { name, port: match[3] === undefined ? undefined : Number(match[3]) };
}

/** Digests of equal length, so that neither content nor length of what was guessed shows in the time. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Decides for one server. */
export class Access {
  readonly #options: ResolvedServeOptions;
  readonly #port: number;
  /**
   * What a browser keeps after it has shown the token: an event stream can send no header, and a token in every address would end up in
   * histories. It says nothing about the token and ends with the process.
   */
  readonly #session: string;

  /** @param port the one that is bound */
  constructor(options: ResolvedServeOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.#session = createHmac('sha256', randomBytes(32))
      .update(options.token ?? '')
      .digest('hex');
  }

  /** The cookie's name. Browsers send cookies to every port of a host, so it has the port's number in it. */
  get #cookie(): string {
    return `integrity-${this.#port}`;
  }

  /** The `Set-Cookie` after a token in the address was right. */
  get setCookie(): string {
    return `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Lax`;
  }

  /** Whether the token stands in the address and is right. */
  tokenInAddress(url: URL): boolean {
    const given = url.searchParams.get('token');
    return this.#options.token !== undefined && given !== null && same(given, this.#options.token);
  }

  refuse(request: IncomingMessage, url: URL): Refused | undefined {
    if (!this.#meant(request.headers.host)) return 'misdirected';
    // Browsers say where a request comes from. A link from elsewhere may lead here; a script or image from elsewhere may not.
    if (
      request.headers['sec-fetch-site'] === 'cross-site' &&
      request.headers['sec-fetch-mode'] !== 'navigate'
    )
      return 'foreign';
    // Liveness tells nothing but that somebody is there.
    if (this.#options.token === undefined || url.pathname === '/healthz') return undefined;
    return this.#authorized(request, url, this.#options.token) ? undefined : 'unauthorized';
  }

  #meant(header: string | undefined): boolean {
    const host = parseHost(header);
    if (host === undefined) return false;
    const { hostnames, anyAddress } = this.#options;
    const named = hostnames.has(host.name) || (anyAddress && isIP(host.name) !== 0);
    // Behind a proxy, or with a port that was forwarded, the port is another one. On loopback nothing is in between.
    return named && (host.port === this.#port || this.#options.token !== undefined);
  }

  #authorized(request: IncomingMessage, url: URL, token: string): boolean {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) return same(bearer, token);
    if (url.searchParams.has('token')) return this.tokenInAddress(url);
    for (const pair of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = pair.trim().split('=', 2);
      if (name === this.#cookie && value !== undefined && same(value, this.#session)) return true;
    }
    return false;
  }
}
