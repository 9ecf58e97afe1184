import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServedView } from '../../src/adapters/source.js';
import { applyViewDelta, type ViewDelta } from '../../src/adapters/view-delta.js';
import type { ServeOptions } from '../../src/node/serve/options.js';
import { type IntegrityServer, serveIntegrity } from '../../src/node/serve/server.js';
import { sampleView } from '../support/page-views.js';

let pageDirectory: string;
beforeAll(() => {
  pageDirectory = mkdtempSync(join(tmpdir(), 'integrity-page-'));
  for (const file of ['index.html', 'page.js', 'page.css'])
    writeFileSync(join(pageDirectory, file), `the ${file}`);
});
afterAll(() => rmSync(pageDirectory, { recursive: true }));

const servers: IntegrityServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A system whose view a test can change. */
class FakeSystem {
  current: ServedView = sampleView();
  taken = 0;
  fails = false;
  readonly listeners = new Set<() => void>();

  view(): ServedView {
    this.taken++;
    if (this.fails) throw new Error('secret of the system');
    return this.current;
  }
  onSample(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  change(view: Partial<ServedView>): void {
    this.current = { ...this.current, ...view };
    for (const listener of this.listeners) listener();
  }
}

async function serve(options: ServeOptions = {}, system = new FakeSystem()) {
  const server = await serveIntegrity(system, { pageDirectory, intervalMs: 50, ...options });
  servers.push(server);
  return { server, system };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function ask(server: IntegrityServer, path: string, options: RequestOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: server.port, path, agent: false, ...options },
      async (response) => {
        let body = '';
        for await (const chunk of response.setEncoding('utf8')) body += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      },
    );
    sent.on('error', reject).end();
  });
}

interface Event {
  readonly id: string;
  readonly name: string;
  readonly data: string;
}

/** Reads server-sent events by the rules of the standard. */
async function follow(
  server: IntegrityServer,
  headers: Record<string, string> = {},
): Promise<{ next(): Promise<Event | undefined>; leave(): void }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    request({ host: '127.0.0.1', port: server.port, path: '/events', agent: false, headers }, resolve)
      .on('error', reject)
      .end(),
  );
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toBe('text/event-stream');
  const events = (async function* () {
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        text = text.slice(end + 2);
        if (fields.has('data'))
          yield {
            id: fields.get('id') ?? '',
            name: fields.get('event') ?? '',
            data: fields.get('data') ?? '',
          };
      }
    }
  })();
  return {
    next: async () => (await events.next()).value ?? undefined,
    leave: () => response.destroy(),
  };
}

describe('serveIntegrity', () => {
  it('serves page, view, metrics and liveness, each with strict headers', async () => {
    const { server } = await serve();
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/`);
    for (const [path, type, body] of [
      ['/', 'text/html; charset=utf-8', 'the index.html'],
      ['/page.js', 'text/javascript; charset=utf-8', 'the page.js'],
      ['/page.css', 'text/css; charset=utf-8', 'the page.css'],
      ['/view', 'application/json', JSON.stringify(sampleView())],
      ['/metrics', 'text/plain; version=0.0.4; charset=utf-8', undefined],
      ['/healthz', 'text/plain; charset=utf-8', 'ok\n'],
    ] as const) {
      const answer = await ask(server, path);
      expect([path, answer.status, answer.headers['content-type']]).toEqual([path, 200, type]);
      if (body !== undefined) expect(answer.body).toBe(body);
      const policy = answer.headers['content-security-policy'] ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(answer.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
    expect((await ask(server, '/metrics')).body).toContain('integrity_lambda_ratio{system="jobs"} 0.812\n');
  });

  it('answers HEAD as GET without a body', async () => {
    const { server } = await serve();
    for (const path of ['/', '/view', '/events']) {
      const answer = await ask(server, path, { method: 'HEAD' });
      expect([answer.status, answer.body]).toEqual([200, '']);
    }
  });

  it('knows no other methods and no other paths', async () => {
    const { server } = await serve();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      const answer = await ask(server, '/view', { method });
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, 'GET, HEAD']);
    }
    for (const path of [
      '/nothing',
      '/../package.json',
      '/page.js/',
      '//evil/view',
      '/%2e%2e/x',
      '/__proto__',
      '/constructor',
    ])
      expect([path, (await ask(server, path)).status]).toEqual([path, 404]);
    expect((await ask(server, 'http://[')).status).toBe(400);
  });

  it('says that the system gave no view, and nothing of why', async () => {
    const { server, system } = await serve();
    system.fails = true;
    for (const path of ['/view', '/metrics']) {
      const answer = await ask(server, path);
      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain('secret');
    }
    expect((await ask(server, '/healthz')).status).toBe(200);
  });

  it('refuses to start without its files, on a taken port, and when it was aborted', async () => {
    await expect(serve({ pageDirectory: join(pageDirectory, 'nowhere') })).rejects.toMatchObject({
      code: 'ERR_INTEGRITY_STORE',
      field: 'pageDirectory',
    });
    const { server } = await serve();
    await expect(serve({ port: server.port })).rejects.toMatchObject({
      code: 'ERR_INTEGRITY_ARGUMENT',
      field: 'port',
      message: expect.stringContaining('EADDRINUSE'),
    });
    await expect(serve({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_INTEGRITY_ABORTED',
    });
  });

  it('refuses options that are not what they should be, by name', async () => {
    for (const [field, options] of [
      ['port', { port: 65_536 }],
      ['port', { port: 1.5 }],
      ['host', { host: '' }],
      ['token', { token: 'short' }],
      ['token', { token: 'has a space in it, which no header takes' }],
      ['maxClients', { maxClients: 0 }],
      ['intervalMs', { intervalMs: Number.NaN }],
      ['hostnames[0]', { hostnames: [7] }],
      ['options.prot', { prot: 80 }],
    ] as unknown as [string, ServeOptions][])
      await expect(serveIntegrity(new FakeSystem(), options)).rejects.toMatchObject({
        code: 'ERR_INTEGRITY_ARGUMENT',
        field,
      });
    await expect(serveIntegrity({} as FakeSystem)).rejects.toMatchObject({ field: 'source.view' });
  });
});

describe('who may ask', () => {
  it('is decided by the Host first: names of this server pass, all others are misdirected', async () => {
    const { server } = await serve();
    const { port } = server;
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`])
      expect([host, (await ask(server, '/view', { headers: { host } })).status]).toEqual([host, 200]);
    for (const host of [
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `localhost.evil.example:${port}`,
      'localhost',
      `localhost:${port === 1 ? 2 : 1}`,
      `user@localhost:${port}`,
      `10.0.0.1:${port}`,
      `[::2]:${port}`,
      '-',
    ])
      for (const path of ['/view', '/events', '/', '/healthz'])
        expect([host, (await ask(server, path, { headers: { host } })).status]).toEqual([host, 421]);
  });

  it('is no script of another site, but a link from there', async () => {
    const { server } = await serve();
    const from = (mode: string) => ({ headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode } });
    expect((await ask(server, '/events', from('cors'))).status).toBe(403);
    expect((await ask(server, '/view', from('no-cors'))).status).toBe(403);
    expect((await ask(server, '/', from('navigate'))).status).toBe(200);
  });

  const token = 'correct-horse-battery-staple';

  it('must not be others than this machine unless there is a token', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com'])
      await expect(serve({ host })).rejects.toMatchObject({
        code: 'ERR_INTEGRITY_ARGUMENT',
        field: 'token',
        message: expect.stringMatching(/token|127\.0\.0\.1/),
      });
  });

  it('shows the token as bearer, in the address, or as the cookie that the page then has', async () => {
    const { server } = await serve({ token });
    for (const path of ['/', '/page.js', '/view', '/metrics', '/events']) {
      const answer = await ask(server, path);
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="integrity"']);
    }
    expect((await ask(server, '/healthz')).status).toBe(200);
    for (const wrong of [`${token}x`, token.slice(1), token.toUpperCase(), 'x'])
      for (const options of [
        { path: '/view', headers: { authorization: `Bearer ${wrong}` } },
        { path: `/view?token=${wrong}`, headers: {} },
        { path: '/view', headers: { cookie: `integrity-${server.port}=${wrong}` } },
      ])
        expect((await ask(server, options.path, options)).status).toBe(401);
    expect((await ask(server, '/view', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    expect((await ask(server, `/view?token=${token}`)).status).toBe(200);
    const entered = await ask(server, `/?token=${token}`);
    expect([entered.status, entered.headers.location]).toEqual([303, '/']);
    const setCookie = entered.headers['set-cookie']?.[0] ?? '';
    expect(setCookie).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(setCookie).not.toContain(token);
    const headers = { cookie: setCookie.split(';')[0] ?? '' };
    for (const path of ['/', '/page.js', '/view'])
      expect((await ask(server, path, { headers })).status).toBe(200);
    // A cookie of another server's session is none here.
    const other = await serve({ token });
    expect((await ask(other.server, '/view', { headers })).status).toBe(401);
  });

  it('reaches a server bound to all addresses by any address, and by the names that it was given', async () => {
    const { server } = await serve({ host: '0.0.0.0', token, hostnames: ['Status.example'] });
    const asked = async (host: string): Promise<number> =>
      (await ask(server, '/view', { headers: { host, authorization: `Bearer ${token}` } })).status;
    expect(await asked('192.0.2.7:8080')).toBe(200);
    expect(await asked('status.example')).toBe(200);
    expect(await asked('evil.example')).toBe(421);
  });
});

describe('/events', () => {
  it('begins with the whole view and goes on with what changed', async () => {
    const { server, system } = await serve();
    const stream = await follow(server);
    const first = await stream.next();
    expect(first?.name).toBe('view');
    let shown = JSON.parse(first?.data ?? '') as ServedView;
    expect(shown).toEqual(system.current);
    system.change({ mode: 'observe', history: [{ at: 1, lambdaPpm: 2, state: 'stress' }] });
    const second = await stream.next();
    expect(second?.name).toBe('delta');
    expect(Number(second?.id)).toBeGreaterThan(Number(first?.id));
    shown = applyViewDelta(shown, JSON.parse(second?.data ?? '') as ViewDelta);
    expect(shown).toEqual(system.current);
    expect(second?.data).not.toContain('nodes');
    stream.leave();
  });

  it('keeps names with line breaks in one event', async () => {
    const { server, system } = await serve();
    system.current = sampleView({ name: 'a\n\nevent: view\ndata: {}\r\n\u2028' });
    const stream = await follow(server);
    expect(JSON.parse((await stream.next())?.data ?? '')).toMatchObject({ name: system.current.name });
    stream.leave();
  });

  it('gives a whole view whatever the Last-Event-ID is', async () => {
    const { server } = await serve();
    for (const id of ['', '-1', '999999999999', '__proto__', 'x'.repeat(4000)]) {
      const stream = await follow(server, { 'last-event-id': id });
      expect((await stream.next())?.name).toBe('view');
      stream.leave();
    }
  });

  it('takes one view for all who follow, and none when nobody does', async () => {
    const { server, system } = await serve({ intervalMs: 200 });
    expect(system.taken).toBe(0);
    const streams = await Promise.all([follow(server), follow(server), follow(server)]);
    for (const stream of streams) await stream.next();
    const before = system.taken;
    expect(before).toBeLessThanOrEqual(2);
    system.change({ mode: 'off' });
    system.change({ mode: 'observe' });
    for (const stream of streams) expect((await stream.next())?.data).toContain('observe');
    expect(system.taken).toBe(before + 1);
    for (const stream of streams) stream.leave();
    await until(() => system.listeners.size === 0);
    const after = system.taken;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(system.taken).toBe(after);
  });

  it('goes on after a fault of the system, and says that there was one', async () => {
    const { server, system } = await serve();
    const stream = await follow(server);
    await stream.next();
    system.fails = true;
    system.change({});
    const fault = await stream.next();
    expect([fault?.name, fault?.data]).toEqual(['fault', '{}']);
    system.fails = false;
    system.change({ mode: 'off' });
    for (let event = await stream.next(); event?.name !== 'delta'; event = await stream.next())
      expect(event?.name).toBe('fault');
    stream.leave();
  });

  it('lets no more follow than it is told', async () => {
    const { server } = await serve({ maxClients: 2 });
    const streams = [await follow(server), await follow(server)];
    const third = await ask(server, '/events');
    expect([third.status, third.headers['retry-after']]).toEqual([503, '5']);
    streams[0]?.leave();
    let status = 503;
    await until(async () => {
      const answer = await ask(server, '/events', { method: 'HEAD' });
      status = answer.status;
      return status === 200;
    });
    streams[1]?.leave();
  });

  it('cuts off who does not read, and serves the others on', async () => {
    const { server, system } = await serve();
    const pad = 'x'.repeat(400_000);
    const deaf = connect(server.port, '127.0.0.1');
    deaf.on('error', () => undefined);
    deaf.write(`GET /events HTTP/1.1\r\nHost: localhost:${server.port}\r\n\r\n`);
    deaf.pause();
    await until(() => system.listeners.size === 1);
    const reader = await follow(server);
    await reader.next();
    let gone = false;
    deaf.once('close', () => {
      gone = true;
    });
    for (let i = 0; i < 200 && !gone; i++) {
      system.change({ name: `${i}${pad}` });
      const event = await reader.next();
      expect(event?.data).toContain(pad);
      if (i > 20) deaf.resume();
    }
    expect(gone).toBe(true);
    reader.leave();
  });

  it('ends streams with an event, then connections, when the server closes or its signal fires', async () => {
    for (const way of ['close', 'signal'] as const) {
      const controller = new AbortController();
      const { server } = await serve({ signal: controller.signal });
      const stream = await follow(server);
      await stream.next();
      if (way === 'signal') controller.abort();
      const closed = server.close();
      let last: Event | undefined;
      for (let event = await stream.next(); event !== undefined; event = await stream.next()) last = event;
      expect(last?.name).toBe('end');
      await closed;
      await server.close();
      await expect(ask(server, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
