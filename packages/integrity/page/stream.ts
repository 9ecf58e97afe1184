/**
 * The page's line to its server. It always knows one of three things: the view is live, the view is old since a time, or there is
 * none yet; and it never stops trying. A line that is open but silent counts as lost: the server sends something every second.
 */
import type { ServedView } from '../src/adapters/source.js';
import { applyViewDelta, type ViewDelta } from '../src/adapters/view-delta.js';

const silenceMs = 4000;
const firstRetryMs = 500;
const lastRetryMs = 8000;

/** How the line is. */
export type LineState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `why`: `lost` the line broke, `ended` the server said that it ends, `fault` the system gives no view. */
  | { readonly kind: 'stale'; readonly since: number; readonly why: 'lost' | 'ended' | 'fault' };

/**
 * Follows `/events`.
 *
 * @param onView the view after each change; parts that did not change are the same objects as before
 */
export function follow(onView: (view: ServedView) => void, onLine: (line: LineState) => void): void {
  let view: ServedView | undefined;
  let line: LineState = { kind: 'connecting' };
  let source: EventSource | undefined;
  let heard = Date.now();
  let retryMs = firstRetryMs;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const tell = (next: LineState): void => {
    if (next.kind === line.kind && (next.kind !== 'stale' || line.kind !== 'stale' || next.why === line.why))
      return;
    line = next;
    onLine(line);
  };
  const stale = (why: 'lost' | 'ended' | 'fault'): void => {
    if (view !== undefined || why === 'ended')
      tell({ kind: 'stale', since: line.kind === 'stale' ? line.since : heard, why });
  };
  const show = (next: ServedView): void => {
    view = next;
    heard = Date.now();
    retryMs = firstRetryMs;
    tell({ kind: 'live' });
    onView(next);
  };
  const again = (why: 'lost' | 'ended'): void => {
    source?.close();
    source = undefined;
    stale(why);
    if (retry !== undefined) return;
    retry = setTimeout(() => {
      retry = undefined;
      connect();
    }, retryMs);
    retryMs = Math.min(lastRetryMs, 2 * retryMs);
  };
  const connect = (): void => {
    const opened = new EventSource('/events');
    source = opened;
    const on = (name: string, take: (data: string) => void): void =>
      opened.addEventListener(name, (event) => {
        if (source === opened) take((event as MessageEvent<string>).data);
      });
    on('view', (data) => show(JSON.parse(data) as ServedView));
    on('delta', (data) => {
      if (view !== undefined) show(applyViewDelta(view, JSON.parse(data) as ViewDelta));
    });
    on('fault', () => stale('fault'));
    on('end', () => again('ended'));
    // The browser's own reconnecting gives up after an HTTP error; ours does not.
    opened.onerror = () => {
      if (source === opened) again('lost');
    };
  };
  setInterval(() => {
    if (source !== undefined && line.kind === 'live' && Date.now() - heard > silenceMs) again('lost');
  }, 500);
  addEventListener('online', () => {
    if (source === undefined) {
      clearTimeout(retry);
      retry = undefined;
      connect();
    }
  });
  connect();
}
