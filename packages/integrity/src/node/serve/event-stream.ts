/**
 * Server-sent events (HTML Living Standard section 9.2) for everybody who follows one source.
 *
 * Invariants: a client's first event is a whole view, and each delta after it starts from the one before, in order. One view is taken
 * for all clients, at most one an interval. What a client has not read yet is bounded: who falls behind is cut off, connects again
 * and starts with a whole view; that is also why a Last-Event-ID changes nothing.
 */
import type { ServerResponse } from 'node:http';
import type { ViewSource } from '../../adapters/source.js';
import { ViewEncoder } from '../../adapters/view-delta.js';

/** A view at least this often, so that ages on the page go on and a silent line is a broken one. */
const beatMs = 1000;
/** What a client may leave unread, beside two whole views. */
const spareBytes = 1 << 20;

/** What a stream may cost. */
export interface EventStreamOptions {
  readonly intervalMs: number;
  readonly maxClients: number;
}

export class EventStream {
  readonly #source: ViewSource;
  readonly #options: EventStreamOptions;
  readonly #clients = new Set<ServerResponse>();
  #encoder = new ViewEncoder();
  #subscriptions: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #id = 0;
  #whole: string | undefined;
  #tickedAt = -Infinity;
  #changed = false;
  #closed = false;

  constructor(source: ViewSource, options: EventStreamOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Who follows now. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Whether one more may follow. */
  get open(): boolean {
    return !this.#closed && this.#clients.size < this.#options.maxClients;
  }

  /** Takes over a response whose headers are written. */
  add(response: ServerResponse): void {
    if (this.#clients.size === 0) this.#start();
    // A view of this interval is fresh enough: callers that connect in a row do not make the source work.
    if (this.#whole === undefined || performance.now() - this.#tickedAt >= this.#options.intervalMs)
      this.#tick();
    response.write('retry: 1000\n\n');
    if (this.#whole !== undefined) response.write(this.#event('view', this.#whole));
    this.#clients.add(response);
    response.once('close', () => {
      this.#clients.delete(response);
      if (this.#clients.size === 0) this.#stop();
    });
  }

  /** Ends all streams; the last event tells pages that this is an end and not a fault. */
  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.end(this.#event('end', '{}'));
    this.#stop();
  }

  #start(): void {
    const changed = (): void => {
      this.#changed = true;
    };
    const { onSample, onTransition, onEntry } = this.#source;
    for (const on of [onSample, onTransition, onEntry])
      if (on !== undefined) this.#subscriptions.push(on.call(this.#source, changed));
    this.#timer = setInterval(() => {
      const due = performance.now() - this.#tickedAt >= beatMs;
      if (this.#changed || due) this.#tick();
    }, this.#options.intervalMs);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const end of this.#subscriptions.splice(0)) end();
    this.#encoder = new ViewEncoder();
    this.#whole = undefined;
  }

  /** Takes a view and tells everybody. A source that fails ends nothing: pages keep what they have and say how old it is. */
  #tick(): void {
    this.#changed = false;
    this.#tickedAt = performance.now();
    let event: string;
    try {
      const delta = this.#encoder.push(this.#source.view());
      this.#whole = this.#encoder.full();
      event = delta === undefined ? this.#event('view', this.#whole) : this.#event('delta', delta);
    } catch {
      event = this.#event('fault', '{}');
    }
    const most = 2 * (this.#whole?.length ?? 0) + spareBytes;
    for (const client of this.#clients) {
      client.write(event);
      if (client.writableLength <= most) continue;
      this.#clients.delete(client);
      client.destroy();
    }
  }

  /** JSON has no line breaks outside of strings and none in them, so it is one data line. */
  #event(name: string, json: string): string {
    return `id: ${++this.#id}\nevent: ${name}\ndata: ${json}\n\n`;
  }
}
