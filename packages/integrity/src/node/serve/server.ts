/** `serveIntegrity`: a page that shows a running system, and what stands behind the page, for people and for scrapers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prometheusContentType, prometheusText } from '../../adapters/prometheus.js';
import type { ViewSource } from '../../adapters/source.js';
import { checkObject, describe } from '../../check.js';
import { IntegrityError } from '../../errors.js';
import { Access, type Refused } from './access.js';
import { EventStream } from './event-stream.js';
import { type ResolvedServeOptions, resolveServeOptions, type ServeOptions } from './options.js';
import { loadPage, type PageFile } from './page-files.js';

/** A page that is being served. */
export interface IntegrityServer {
  /** Where it is, without a token: `http://127.0.0.1:43211/`. */
  readonly url: string;
  readonly host: string;
  /** The port that is bound. */
  readonly port: number;
  /** Ends streams and connections. Resolves when the port is free; more calls than one are one. */
  close(): Promise<void>;
}

/** The page's resources come from its own server or not at all; trusted types: and never from text. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const headers = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const;

const refusals: Readonly<Record<Refused, readonly [number, string]>> = {
  misdirected: [
    421,
    'this server does not go by that name; use the address that it printed, or name it in hostnames',
  ],
  foreign: [403, 'this page answers no other sites'],
  unauthorized: [401, 'give the token: Authorization: Bearer ..., or ?token=... once'],
};

/** How long connections may take to end by themselves when the server closes. */
const graceMs = 500;

class PageServer {
  readonly #source: ViewSource;
  readonly #page: ReadonlyMap<string, PageFile>;
  readonly #access: Access;
  readonly stream: EventStream;

  constructor(
    source: ViewSource,
    page: ReadonlyMap<string, PageFile>,
    options: ResolvedServeOptions,
    port: number,
  ) {
    this.#source = source;
    this.#page = page;
    this.#access = new Access(options, port);
    this.stream = new EventStream(source, options);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    // A caller that goes away in the middle is not a fault of ours.
    response.on('error', () => undefined);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      // What comes with the request is not read.
      response.setHeader('Connection', 'close');
      send(request, response, 405, 'text/plain; charset=utf-8', 'only GET and HEAD\n');
      return;
    }
    let url: URL;
    try {
      // Put behind a host, so that a path that begins with two slashes is one. Of an absolute address only path and query count.
      const target = request.url ?? '/';
      url = new URL(target.startsWith('/') ? `http://localhost${target}` : target);
    } catch {
      send(request, response, 400, 'text/plain; charset=utf-8', 'not an address\n');
      return;
    }
    const refused = this.#access.refuse(request, url);
    if (refused !== undefined) {
      const [status, text] = refusals[refused];
      if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="integrity"');
      send(request, response, status, 'text/plain; charset=utf-8', `${text}\n`);
      return;
    }
    this.#route(request, response, url);
  }

  #route(request: IncomingMessage, response: ServerResponse, url: URL): void {
    const file = this.#page.get(url.pathname);
    if (file !== undefined) {
      if (url.pathname === '/' && this.#access.tokenInAddress(url)) {
        // On to the address without the token, so that it is neither seen nor kept.
        response.setHeader('Set-Cookie', this.#access.setCookie);
        response.setHeader('Location', '/');
        send(request, response, 303, 'text/plain; charset=utf-8', 'see /\n');
      } else {
        send(request, response, 200, file.type, file.bytes);
      }
      return;
    }
    switch (url.pathname) {
      case '/events':
        this.#events(request, response);
        return;
      case '/view':
        this.#shown(request, response, 'application/json', () => JSON.stringify(this.#source.view()));
        return;
      case '/metrics':
        this.#shown(request, response, prometheusContentType, () => prometheusText(this.#source.view()));
        return;
      case '/healthz':
        send(request, response, 200, 'text/plain; charset=utf-8', 'ok\n');
        return;
      default:
        send(
          request,
          response,
          404,
          'text/plain; charset=utf-8',
          'there are /, /events, /view, /metrics, /healthz\n',
        );
    }
  }

  #shown(request: IncomingMessage, response: ServerResponse, type: string, text: () => string): void {
    let body: string;
    try {
      body = text();
    } catch {
      send(request, response, 500, 'text/plain; charset=utf-8', 'the system gave no view\n');
      return;
    }
    send(request, response, 200, type, body);
  }

  #events(request: IncomingMessage, response: ServerResponse): void {
    if (!this.stream.open) {
      response.setHeader('Retry-After', '5');
      send(request, response, 503, 'text/plain; charset=utf-8', 'as many follow as may; see maxClients\n');
      return;
    }
    // `no-transform` keeps proxies from holding events back to compress them.
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    request.socket.setNoDelay(true);
    this.stream.add(response);
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function listen(server: Server, { host, port }: ResolvedServeOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const hint =
        cause.code === 'EADDRINUSE'
          ? 'another program has that port; choose another one, or 0 for a free one'
          : 'choose another host or port';
      reject(
        new IntegrityError(
          'ERR_INTEGRITY_ARGUMENT',
          `cannot listen on ${host}, port ${port} (${cause.code}): ${hint}`,
          {
            cause,
            field: cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND' ? 'host' : 'port',
          },
        ),
      );
    });
    server.listen({ host, port, exclusive: true }, () => resolve(server.address() as AddressInfo));
  });
}

function closer(server: Server, stream: EventStream): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= new Promise<void>((resolve) => {
      server.close(() => resolve());
      stream.close();
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), graceMs).unref();
    });
    return closed;
  };
}

/**
 * Serves a page that shows a system live: `/` the page, `/events` what it follows (server-sent events: `view`, `delta`, `fault`, `end`),
 * `/view` the whole view as JSON, `/metrics` the Prometheus text, `/healthz`. Nothing can be changed through it. By default only this
 * machine reaches it; it does not speak TLS, so beyond a trusted network put a proxy before it.
 *
 * @param source what `createIntegrity` gives, or anything with a `view()`
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for options, for a host that others can reach without a token, and for a port that
 *   cannot be had; `ERR_INTEGRITY_STORE` where the files of the page are missing; `ERR_INTEGRITY_ABORTED`
 * @example
 * const page = await serveIntegrity(integrity);
 * console.log(page.url); // http://127.0.0.1:43211/
 */
export async function serveIntegrity(
  source: ViewSource,
  options: ServeOptions = {},
): Promise<IntegrityServer> {
  checkObject(source, 'source');
  if (typeof source.view !== 'function')
    throw new IntegrityError(
      'ERR_INTEGRITY_ARGUMENT',
      `source.view must be a function, not ${describe(source.view)}`,
      {
        field: 'source.view',
      },
    );
  const resolved = resolveServeOptions(options);
  const { signal, host, maxClients } = resolved;
  const aborted = (): IntegrityError =>
    new IntegrityError('ERR_INTEGRITY_ABORTED', 'aborted by the caller', { cause: signal?.reason });
  if (signal?.aborted) throw aborted();
  const page = loadPage(resolved.pageDirectory);
  let pages: PageServer | undefined;
  const server = createServer(
    // Requests are short and have no body: who sends slowly is cut off.
    { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
    (request, response) => pages?.handle(request, response),
  );
  server.maxConnections = maxClients + 64;
  const { port } = await listen(server, resolved);
  server.removeAllListeners('error');
  server.on('error', () => undefined);
  pages = new PageServer(source, page, resolved, port);
  const close = closer(server, pages.stream);
  if (signal?.aborted) {
    await close();
    throw aborted();
  }
  const abort = (): void => void close();
  signal?.addEventListener('abort', abort, { once: true });
  server.once('close', () => signal?.removeEventListener('abort', abort));
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/`, host, port, close };
}
