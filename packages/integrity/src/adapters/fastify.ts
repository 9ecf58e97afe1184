/** The gate as a hook of Fastify 4 and 5. */
import { asker, type GateHttpOptions, type HttpGate, refusalOf } from './gate-http.js';

/** What the hook uses of a reply. */
export interface FastifyReply {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: string): unknown;
  readonly raw: {
    once(event: 'close', listener: () => void): unknown;
    /** Whether the connection is gone already. */
    readonly closed?: boolean;
    readonly destroyed?: boolean;
  };
}

/**
 * A hook for `onRequest` (before the body is read, so that refused uploads cost nothing) or `preHandler`. Refused requests get 429 or
 * 503 with `Retry-After` and a problem document. In the modes `off` and `observe` everything goes through.
 *
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for options that are not functions, when it is made. What `operation`, `tenant`,
 *   `cost` or the gate throw for a request goes to Fastify's error handler.
 * @example
 * app.post('/jobs', { onRequest: fastifyGate(integrity, { operation: () => 'job.submit' }) }, submit);
 */
export function fastifyGate<Request>(
  gate: HttpGate,
  options: GateHttpOptions<Request>,
): (request: Request, reply: FastifyReply, done: (error?: Error) => void) => void {
  const ask = asker(gate, options);
  return (request, reply, done) => {
    let answer: ReturnType<typeof ask>;
    try {
      answer = ask(request);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    // Who left while an earlier hook waited has no use for an answer, and no `close` comes any more.
    if (reply.raw.closed === true || reply.raw.destroyed === true) {
      answer.release?.();
      done(new Error('the client has left'));
      return;
    }
    if (answer.release !== undefined) reply.raw.once('close', answer.release);
    if (answer.decision.allowed) {
      done();
      return;
    }
    const { status, headers, body } = refusalOf(answer.decision);
    reply.code(status);
    reply.headers(headers);
    // A hook that has sent does not call `done`: Fastify ends the request there.
    reply.send(body);
  };
}
