/**
 * What changed between two views, as JSON. A view of 2,000 nodes is megabytes, and most of it stays: so its four long lists are
 * compared element by element, and the rest field by field. Lists either slide (history and entries lose elements at the front
 * and get new ones at the end) or change in place (nodes and edges); what does neither is sent whole.
 *
 * Comparing is by JSON text: two parts are equal exactly if a reader of the JSON could not tell them apart.
 */
import type { ServedView } from './source.js';

/** How a list became another one. */
export type ListDelta =
  /** `drop` elements fell off the front, `add` came at the end. */
  | { readonly drop: number; readonly add: readonly unknown[] }
  /** `[index, element]` pairs replace elements. */
  | { readonly put: readonly (readonly [number, unknown])[] }
  | { readonly all: readonly unknown[] };

/** The fields and lists that changed. Lists are named by their path, fields of `graph` and `log` too. */
export interface ViewDelta {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly lists: Readonly<Record<string, ListDelta>>;
}

const listPaths = ['history', 'graph.nodes', 'graph.edges', 'log.entries'] as const;

interface Parts {
  readonly fields: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly string[]>;
}

function texts(list: readonly unknown[]): readonly string[] {
  return list.map((element) => JSON.stringify(element));
}

function partsOf(view: ServedView): Parts {
  const fields = new Map<string, string>();
  const lists = new Map<string, readonly string[]>();
  const { history, graph, log, ...rest } = view;
  for (const [key, value] of Object.entries(rest))
    if (value !== undefined) fields.set(key, JSON.stringify(value));
  fields.set('graph.version', JSON.stringify(graph.version));
  lists.set('history', texts(history));
  lists.set('graph.nodes', texts(graph.nodes));
  lists.set('graph.edges', texts(graph.edges));
  if (log === null) {
    fields.set('log', 'null');
  } else {
    const { entries, ...head } = log;
    for (const [key, value] of Object.entries(head))
      if (value !== undefined) fields.set(`log.${key}`, JSON.stringify(value));
    lists.set('log.entries', texts(entries));
  }
  return { fields, lists };
}

/** JSON of the delta between two lists of JSON texts; undefined if they are the same. */
function listDelta(before: readonly string[], after: readonly string[]): string | undefined {
  const all = `{"all":[${after.join(',')}]}`;
  // Where the new list begins in the old one; a list that was emptied, or of which nothing stayed, is sent whole.
  const first = after[0];
  let drop = first === undefined ? -1 : before.indexOf(first);
  // Equal elements make a shift ambiguous: take the first that fits.
  for (; drop >= 0; drop = before.indexOf(first as string, drop + 1)) {
    const kept = before.length - drop;
    if (kept > after.length) continue;
    let i = 0;
    while (i < kept && before[drop + i] === after[i]) i++;
    if (i < kept) continue;
    if (drop === 0 && kept === after.length) return undefined;
    return `{"drop":${drop},"add":[${after.slice(kept).join(',')}]}`;
  }
  if (before.length !== after.length) return all;
  const puts: string[] = [];
  for (let i = 0; i < after.length; i++) if (before[i] !== after[i]) puts.push(`[${i},${after[i]}]`);
  if (puts.length === 0) return undefined;
  const put = `{"put":[${puts.join(',')}]}`;
  return put.length < all.length ? put : all;
}

/**
 * Turns views, one after the other, into their JSON and the JSON of what changed.
 *
 * @example
 * const encoder = new ViewEncoder();
 * encoder.push(integrity.view()); // undefined: nothing came before
 * encoder.push(integrity.view()); // {"fields":{"at":...},"lists":{}}
 */
export class ViewEncoder {
  #view: ServedView | undefined;
  #parts: Parts | undefined;

  /** The last view whole, as JSON. */
  full(): string {
    return JSON.stringify(this.#view ?? null);
  }

  /** @returns a `ViewDelta` from the view before as JSON; undefined where a whole view is needed instead, as for the first */
  push(view: ServedView): string | undefined {
    const before = this.#parts;
    const after = partsOf(view);
    this.#view = view;
    this.#parts = after;
    if (before === undefined) return undefined;
    // A field that is gone (a log that was taken away) has no delta.
    for (const key of before.fields.keys()) if (!after.fields.has(key)) return undefined;
    const fields: string[] = [];
    for (const [key, text] of after.fields)
      if (before.fields.get(key) !== text) fields.push(`${JSON.stringify(key)}:${text}`);
    const lists: string[] = [];
    for (const [path, list] of after.lists) {
      const delta = listDelta(before.lists.get(path) ?? [], list);
      if (delta !== undefined) lists.push(`${JSON.stringify(path)}:${delta}`);
    }
    return `{"fields":{${fields.join(',')}},"lists":{${lists.join(',')}}}`;
  }
}

function applyList(before: readonly unknown[], delta: ListDelta): readonly unknown[] {
  if ('all' in delta) return delta.all;
  if ('add' in delta) return [...before.slice(delta.drop), ...delta.add];
  const after = [...before];
  for (const [index, element] of delta.put) after[index] = element;
  return after;
}

/** The view after a delta: unchanged parts are the same objects as before. */
export function applyViewDelta(view: ServedView, { fields, lists }: ViewDelta): ServedView {
  const plain: Record<string, unknown> = { ...view };
  const graph: Record<string, unknown> = { ...view.graph };
  const log: Record<string, unknown> | null = view.log === null ? null : { ...view.log };
  const place = (path: string): [Record<string, unknown> | null, string] => {
    const dot = path.indexOf('.');
    if (dot < 0) return [plain, path];
    return [path.startsWith('graph.') ? graph : log, path.slice(dot + 1)];
  };
  for (const [path, value] of Object.entries(fields)) {
    const [object, key] = place(path);
    if (object !== null) object[key] = value;
  }
  const changed = new Map(Object.entries(lists));
  for (const path of listPaths) {
    const delta = changed.get(path);
    const [object, key] = place(path);
    if (delta !== undefined && object !== null)
      object[key] = applyList((object[key] ?? []) as readonly unknown[], delta);
  }
  return { ...plain, graph, log } as unknown as ServedView;
}
