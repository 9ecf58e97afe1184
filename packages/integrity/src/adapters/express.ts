/** The gate as middleware of Express 4 and 5, or anything with its `(request, response, next)`. */
import { asker, type GateHttpOptions, type HttpGate, refusalOf } from './gate-http.js';

/** What the middleware uses of a response. */
export interface ExpressResponse {
  status(code: number): unknown;
  set(headers: Record<string, string>): unknown;
  send(body: string): unknown;
  once(event: 'close', listener: () => void): unknown;
  /** Whether the connection is gone already. */
  readonly closed?: boolean;
  readonly destroyed?: boolean;
}

/**
 * Asks the gate before the handlers that follow. Refused requests get 429 or 503 with `Retry-After` and a problem document
 * (`application/problem+json`); their handlers are not called. In the modes `off` and `observe` everything goes through.
 *
 * @throws IntegrityError `ERR_INTEGRITY_ARGUMENT` for options that are not functions, when it is made. What `operation`, `tenant`,
 *   `cost` or the gate throw for a request goes to `next(error)`. A request whose client has left ends here: no handler is called.
 * @example
 * app.post('/jobs', expressGate(integrity, { operation: () => 'job.submit', tenant: (req) => req.account }), submit);
 */
export function expressGate<Request>(
  gate: HttpGate,
  options: GateHttpOptions<Request>,
): (request: Request, response: ExpressResponse, next: (error?: unknown) => void) => void {
  const ask = asker(gate, options);
  return (request, response, next) => {
    let answer: ReturnType<typeof ask>;
    try {
      answer = ask(request);
    } catch (error) {
      next(error);
      return;
    }
    // Who left while an earlier handler waited has no use for an answer, and no `close` comes any more.
    if (response.closed === true || response.destroyed === true) {
      answer.release?.();
      return;
    }
    if (answer.release !== undefined) response.once('close', answer.release);
    if (answer.decision.allowed) {
      next();
      return;
    }
    const { status, headers, body } = refusalOf(answer.decision);
    response.status(status);
    response.set(headers);
    response.send(body);
  };
}
