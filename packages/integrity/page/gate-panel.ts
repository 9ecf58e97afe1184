/** What the gate was asked and what it said, by class. */
import type { ServedView } from '../src/adapters/source.js';
import { byId, el, setText } from './dom.js';
import { clip, count } from './format.js';

const columns = ['offered', 'admitted', 'throttled', 'deferred', 'rejected'] as const;
const modes: Readonly<Record<string, string>> = {
  off: 'gate off: everything passes',
  observe: 'observing: refusals are only counted',
  enforce: 'enforcing',
};

export class GatePanel {
  #gate: ServedView['gate'] | undefined;

  update({ gate, mode }: ServedView): void {
    const badge = byId('mode');
    // A log tells nothing of the gate.
    badge.hidden = gate.length === 0;
    setText(badge, modes[mode] ?? mode);
    if (gate === this.#gate) return;
    this.#gate = gate;
    if (gate.length === 0) {
      byId('gate').replaceChildren(el('p', { class: 'line' }, 'There are no counts here.'));
      return;
    }
    const rows = gate.map((counts) => {
      const { offered } = counts;
      const parts = columns.slice(1).map((column) => {
        const part = el('span', { class: `part ${column}` });
        part.style.width = `${offered > 0 ? Math.min(100, (counts[column] / offered) * 100) : 0}%`;
        return part;
      });
      return el(
        'tr',
        {},
        el('th', { scope: 'row' }, clip(counts.class, 24)),
        ...columns.map((column) => el('td', { class: `figure ${column}` }, count(counts[column]))),
        el('td', { class: 'shares' }, el('span', { class: 'stack', 'aria-hidden': 'true' }, ...parts)),
      );
    });
    byId('gate').replaceChildren(
      el(
        'table',
        {},
        el('caption', { class: 'unseen' }, 'Costs by risk class since the start'),
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            el('th', { scope: 'col' }, 'class'),
            ...columns.map((column) => el('th', { scope: 'col', class: column }, column)),
            el('td', { class: 'shares' }),
          ),
        ),
        el('tbody', {}, ...rows),
      ),
    );
  }
}
