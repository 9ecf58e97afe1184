/** The newest records of the log as a chain, each with what has been checked of it. */
import type { ServedEntry, ServedLog, ServedView } from '../src/adapters/source.js';
import { byId, el, setText } from './dom.js';
import { clip, count, several, short, time } from './format.js';
import { tickIcon, tickName } from './icons.js';
import { checkLog, type EntryCheck, type Tick } from './verify.js';

function tick(name: string, state: Tick | 'unsigned'): HTMLElement {
  if (state === 'unsigned')
    return el(
      'span',
      { class: 'check', title: 'this type of event needs no signature; the chain covers it' },
      tickIcon('none'),
      'unsigned',
    );
  return el(
    'span',
    { class: `check ${state}`, title: `${name} ${tickName(state)}` },
    tickIcon(state),
    name,
    el('span', { class: 'unseen' }, ` ${tickName(state)}`),
  );
}

function box(entry: ServedEntry, check: EntryCheck, pressed: boolean): HTMLElement {
  const bad = check.hash === 'bad' || check.link === 'bad' || check.signature === 'bad';
  const button = el(
    'button',
    { type: 'button', class: 'box', 'aria-pressed': String(pressed), 'data-seq': entry.seq },
    el('span', { class: 'seq' }, `#${count(entry.seq)}`),
    el('span', { class: 'type' }, clip(entry.type, 24)),
    el('span', { class: 'at' }, time(entry.at)),
    el('code', {}, short(entry.hash)),
    el(
      'span',
      { class: 'checks' },
      tick('hash', check.hash),
      tick('link', check.link),
      tick('signature', check.signature),
    ),
  );
  return el(
    'li',
    { class: bad ? 'record bad' : 'record' },
    el(
      'span',
      { class: `joint ${check.link}`, title: `prev ${short(entry.prev)}`, 'aria-hidden': 'true' },
      el('code', {}, short(entry.prev)),
    ),
    button,
  );
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}

export class ChainPanel {
  #log: ServedLog | null | undefined;
  #chosen: number | undefined;

  constructor() {
    byId('chain').addEventListener('click', (event) => {
      const button = (event.target as Element).closest<HTMLElement>('button[data-seq]');
      if (button === null) return;
      const seq = Number(button.dataset.seq);
      this.#chosen = this.#chosen === seq ? undefined : seq;
      this.#draw();
      byId('chain').querySelector<HTMLElement>(`button[data-seq="${seq}"]`)?.focus();
    });
    const legend: readonly (readonly [Tick, string])[] = [
      ['here', 'computed again in this browser, and it holds'],
      ['server', 'the server says so; this page cannot see it'],
      ['none', 'not checked, or the record before is not shown'],
      ['bad', 'does not hold'],
    ];
    byId('chain-legend').replaceChildren(
      ...legend.map(([state, text]) => el('li', { class: `check ${state}` }, tickIcon(state), text)),
    );
  }

  update({ log }: ServedView): void {
    // A log that is equal in what it says is the same one: a delta makes a new object around the same lists.
    const before = this.#log;
    if (
      before !== undefined &&
      (log === before ||
        (log !== null &&
          before !== null &&
          log.entries === before.entries &&
          log.keys === before.keys &&
          log.size === before.size &&
          log.root === before.root &&
          log.health === before.health))
    )
      return;
    this.#log = log;
    this.#draw();
  }

  #draw(): void {
    const log = this.#log;
    const list = byId('chain');
    if (log === null || log === undefined) {
      setText(byId('chain-summary'), 'This system keeps no audit log.');
      list.replaceChildren();
      byId('chain-detail').replaceChildren();
      return;
    }
    const { entries, root } = checkLog(log);
    const bad = entries.filter(({ hash, link, signature }) => [hash, link, signature].includes('bad')).length;
    byId('chain-summary').replaceChildren(
      el('span', {}, `${several(log.size, 'record')}, store ${clip(log.health, 120)}`),
      el('span', { class: `check ${root}` }, tickIcon(root), `root ${short(log.root)} (${tickName(root)})`),
      bad === 0
        ? ''
        : el(
            'strong',
            { class: 'check bad', role: 'alert' },
            tickIcon('bad'),
            `${several(bad, 'record')} that do not hold`,
          ),
    );
    const atEnd = list.scrollLeft + list.clientWidth >= list.scrollWidth - 8;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.seq;
    list.replaceChildren(
      ...log.entries.map((entry, i) => box(entry, entries[i] as EntryCheck, entry.seq === this.#chosen)),
    );
    if (atEnd) list.scrollLeft = list.scrollWidth;
    if (focused !== undefined)
      list
        .querySelector<HTMLElement>(`button[data-seq="${Number(focused)}"]`)
        ?.focus({ preventScroll: true });
    this.#drawDetail(log.entries.find(({ seq }) => seq === this.#chosen));
  }

  #drawDetail(entry: ServedEntry | undefined): void {
    const note = el(
      'p',
      { class: 'about' },
      'Page and keys come from the server whose log this is. To trust it less, run ',
      el('code', {}, 'integrity verify'),
      ' with a fingerprint and a checkpoint that came another way.',
    );
    if (entry === undefined) {
      byId('chain-detail').replaceChildren(note);
      return;
    }
    const fact = (name: string, value: string): HTMLElement =>
      el('div', {}, el('dt', {}, name), el('dd', {}, el('code', {}, value)));
    byId('chain-detail').replaceChildren(
      el(
        'dl',
        { class: 'facts wide' },
        fact('record', `#${entry.seq} ${entry.type}`),
        fact('hash', entry.hash),
        fact('prev', entry.prev),
        fact('key', entry.key ?? 'none: unsigned'),
      ),
      el('pre', { class: 'body', tabindex: 0 }, clip(pretty(entry.body), 20_000)),
      note,
    );
  }
}
