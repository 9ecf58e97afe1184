import type { AddressInfo } from 'node:net';
import express, { type Request } from 'express';
import fastify, { type FastifyRequest } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { expressGate } from '../../src/adapters/express.js';
import { fastifyGate } from '../../src/adapters/fastify.js';
import type { GateAnswer, GateHttpOptions, GateQuestion, HttpGate } from '../../src/adapters/gate-http.js';

const allow: GateAnswer = {
  allowed: true,
  action: 'allow',
  state: 'normal',
  reason: 'allowed',
  retryAfterMs: 0,
};
const throttle: GateAnswer = {
  allowed: false,
  action: 'throttle',
  state: 'stress',
  reason: 'over-share',
  retryAfterMs: 1201,
};
const defer: GateAnswer = {
  allowed: false,
  action: 'defer',
  state: 'critical',
  reason: 'deferred',
  retryAfterMs: 5000,
};
const reject: GateAnswer = {
  allowed: false,
  action: 'reject',
  state: 'critical',
  reason: 'rejected',
  retryAfterMs: 0,
};

/** A gate that gives one answer and remembers what it was asked. */
function gateThatSays(answer: GateAnswer): HttpGate & { asked: (readonly [string, GateQuestion])[] } {
  const asked: (readonly [string, GateQuestion])[] = [];
  return {
    asked,
    check: (operation, question) => {
      asked.push([operation, question]);
      return answer;
    },
  };
}

/** A gate that lets `most` in at a time. */
function gateWithTickets(most: number): HttpGate & { inFlight: number; released: number } {
  const gate = {
    inFlight: 0,
    released: 0,
    check: (): GateAnswer => {
      throw new Error('acquire is there and must be asked');
    },
    acquire: () => {
      const allowed = gate.inFlight < most;
      if (allowed) gate.inFlight++;
      return {
        decision: allowed ? allow : { ...throttle, reason: 'in-flight' },
        release: () => {
          gate.released++;
          if (allowed) gate.inFlight--;
        },
      };
    },
  };
  return gate;
}

interface Call {
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}
interface App {
  readonly call: (path: string, options?: Call) => Promise<Response>;
  readonly handled: string[];
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Handler = (path: string) => Promise<void> | undefined;
type Options = GateHttpOptions<{ headers: Record<string, unknown>; url: string }>;

async function expressApp(
  gate: HttpGate,
  options: Options,
  handler: Handler = () => undefined,
  before: () => Promise<void> = async () => undefined,
): Promise<App> {
  const handled: string[] = [];
  const app = express();
  app.use((_request, _response, next) => void before().then(() => next(), next));
  app.use(expressGate<Request>(gate, options));
  app.get('/{*rest}', async (request, response) => {
    handled.push(request.path);
    await handler(request.path);
    response.send('done');
  });
  app.use((error: Error, _: Request, response: express.Response, next: express.NextFunction) => {
    if (response.headersSent) next(error);
    else response.status(500).send(`handler saw: ${error.message}`);
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { handled, call: (path, options) => fetch(`http://127.0.0.1:${port}${path}`, options ?? {}) };
}

async function fastifyApp(
  gate: HttpGate,
  options: Options,
  handler: Handler = () => undefined,
  before: () => Promise<void> = async () => undefined,
): Promise<App> {
  const handled: string[] = [];
  const app = fastify({ forceCloseConnections: true });
  app.addHook('onRequest', () => before());
  app.setErrorHandler((error: Error, _, reply) => reply.code(500).send(`handler saw: ${error.message}`));
  app.get('/*', { onRequest: fastifyGate<FastifyRequest>(gate, options) }, async (request) => {
    handled.push(request.url);
    await handler(request.url);
    return 'done';
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  closers.push(() => app.close());
  return { handled, call: (path, options) => fetch(`${url}${path}`, options ?? {}) };
}

for (const [name, make] of [
  ['expressGate', expressApp],
  ['fastifyGate', fastifyApp],
] as const) {
  describe(name, () => {
    it('calls the handler of what the gate allows, and adds nothing to the response', async () => {
      const app = await make(gateThatSays(allow), { operation: () => 'job.read' });
      const response = await app.call('/a');
      expect([response.status, await response.text()]).toEqual([200, 'done']);
      expect(response.headers.get('retry-after')).toBeNull();
      expect(app.handled).toEqual(['/a']);
    });

    for (const [decision, status, code, retry] of [
      [throttle, 429, 'ERR_INTEGRITY_THROTTLED', '2'],
      [defer, 503, 'ERR_INTEGRITY_DEFERRED', '5'],
      [reject, 503, 'ERR_INTEGRITY_REJECTED', null],
    ] as const) {
      it(`answers ${status} to ${decision.action}, with a problem document, and does not call the handler`, async () => {
        const app = await make(gateThatSays(decision), { operation: () => 'job.write' });
        const response = await app.call('/secret-path');
        expect(response.status).toBe(status);
        expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(response.headers.get('cache-control')).toBe('no-store');
        expect(response.headers.get('retry-after')).toBe(retry);
        const problem = (await response.json()) as Record<string, unknown>;
        expect(problem).toMatchObject({
          type: 'about:blank',
          status,
          code,
          reason: decision.reason,
          state: decision.state,
        });
        expect(Object.keys(problem).sort()).toEqual(
          [
            'code',
            'reason',
            'state',
            'status',
            'title',
            'type',
            ...(retry === null ? [] : ['retryAfterMs']),
          ].sort(),
        );
        expect(app.handled).toEqual([]);
      });
    }

    it('asks with operation, tenant and cost of the request, and leaves out what is undefined', async () => {
      const gate = gateThatSays(allow);
      const app = await make(gate, {
        operation: (request) => `get ${request.url}`,
        tenant: (request) => request.headers['x-tenant'] as string | undefined,
        cost: (request) => (request.url === '/big' ? 10 : undefined),
      });
      await app.call('/big', { headers: { 'x-tenant': '__proto__' } });
      await app.call('/small');
      expect(gate.asked).toEqual([
        ['get /big', { tenant: '__proto__', cost: 10 }],
        ['get /small', {}],
      ]);
    });

    it('hands what its functions throw to the error handler: it neither lets through nor refuses', async () => {
      const app = await make(gateThatSays(allow), {
        operation: () => {
          throw new Error('no route');
        },
      });
      const response = await app.call('/a');
      expect([response.status, await response.text()]).toEqual([500, 'handler saw: no route']);
      expect(app.handled).toEqual([]);
    });

    it('gives back a permission when the response has ended, and when the caller goes away', async () => {
      const gate = gateWithTickets(1);
      let finish: () => void = () => undefined;
      const started = { resolve: (): void => undefined };
      const app = await make(gate, { operation: () => 'job' }, (path) => {
        started.resolve();
        return path === '/wait' ? new Promise((resolve) => (finish = resolve)) : undefined;
      });
      const begun = new Promise<void>((resolve) => (started.resolve = resolve));
      const first = app.call('/wait');
      await begun;
      expect((await app.call('/second')).status).toBe(429);
      finish();
      expect((await first).status).toBe(200);
      await until(() => gate.inFlight === 0);
      const leave = new AbortController();
      const again = new Promise<void>((resolve) => (started.resolve = resolve));
      const left = app.call('/wait', { signal: leave.signal });
      await again;
      expect(gate.inFlight).toBe(1);
      leave.abort();
      await expect(left).rejects.toThrow();
      await until(() => gate.inFlight === 0);
      finish();
      // Three requests came, one of them refused: each was released once.
      await until(() => gate.released === 3);
    });

    it('keeps no place for callers who left while an earlier step waited', async () => {
      const gate = gateWithTickets(3);
      let waiting = 0;
      let go: () => void = () => undefined;
      const gone = new Promise<void>((resolve) => {
        go = resolve;
      });
      const authenticated = (): Promise<void> => {
        waiting++;
        return gone;
      };
      const app = await make(gate, { operation: () => 'job' }, () => undefined, authenticated);
      const leave = new AbortController();
      const left = Array.from({ length: 5 }, () =>
        app.call('/x', { signal: leave.signal }).catch(() => 'left'),
      );
      await until(() => waiting === 5);
      leave.abort();
      expect(await Promise.all(left)).toEqual(Array(5).fill('left'));
      // The server hears of it a little later.
      await new Promise((resolve) => setTimeout(resolve, 200));
      go();
      await until(() => gate.released === 5);
      expect([gate.inFlight, app.handled]).toEqual([0, []]);
      expect((await app.call('/y')).status).toBe(200);
    });

    it('refuses options that are not functions when it is made', async () => {
      const bad = { operation: 'job' } as unknown as Options;
      await expect(make(gateThatSays(allow), bad)).rejects.toMatchObject({
        code: 'ERR_INTEGRITY_ARGUMENT',
        field: 'operation',
      });
    });
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
