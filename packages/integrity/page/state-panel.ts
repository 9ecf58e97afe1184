/** The state in one large word, and why it is that. */
import type { ServedView } from '../src/adapters/source.js';
import type { StateName } from '../src/control/states.js';
import { byId, el, setText } from './dom.js';
import { clip, ratio, span, time } from './format.js';
import { stateIcon } from './icons.js';

const words: Readonly<Record<StateName, string>> = {
  normal: 'Holds together well',
  stress: 'Close to splitting',
  critical: 'About to split',
  unknown: 'No sample that may be believed',
};

type Facts = Readonly<Record<string, unknown>>;

/** Reasons of the newest transition into the state that is in force, from the log. */
function reasonsOf({ log, state }: ServedView): readonly Facts[] {
  const entries = log?.entries ?? [];
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i];
    if (entry?.type !== 'transition') continue;
    try {
      const body = JSON.parse(entry.body) as Facts;
      if (body.to !== state.state || !Array.isArray(body.reasons)) return [];
      return body.reasons.filter((reason): reason is Facts => typeof reason === 'object' && reason !== null);
    } catch {
      return [];
    }
  }
  return [];
}

const details: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  lambdaPpm: (value) => (typeof value === 'number' ? `lambda ${ratio(value)}` : undefined),
  thresholdPpm: (value) => (typeof value === 'number' ? `threshold ${ratio(value)}` : undefined),
  samples: (value) => (typeof value === 'number' ? `${value} samples` : undefined),
  ageMs: (value) => (typeof value === 'number' ? `age ${span(value)}` : undefined),
  heldMs: (value) => (typeof value === 'number' ? `held ${span(value)}` : undefined),
  remainingMs: (value) => (typeof value === 'number' ? `${span(value)} to go` : undefined),
  actor: (value) => (typeof value === 'string' ? `by ${clip(value, 40)}` : undefined),
  signal: (value) => (typeof value === 'string' ? clip(value, 40) : undefined),
};

function reasonText(reason: Facts): string {
  const parts = Object.entries(details)
    .map(([key, text]) => (Object.hasOwn(reason, key) ? text(reason[key]) : undefined))
    .filter((part) => part !== undefined);
  return parts.length === 0
    ? clip(String(reason.code), 40)
    : `${clip(String(reason.code), 40)}: ${parts.join(', ')}`;
}

function lines({ at, state, thresholds }: ServedView): readonly string[] {
  const { override, hold, measured, held } = state;
  const said: string[] = [];
  if (override !== undefined)
    said.push(
      `Set by ${clip(override.actor, 40)} until ${time(override.until)} (${span(override.until - at)} left): ${clip(override.reason, 200)}. The samples say ${measured}.`,
    );
  if (measured === 'unknown')
    said.push(
      state.returnCount > 0
        ? `Data is coming back: ${state.returnCount} samples so far. Before it was lost: ${held}.`
        : `Before data was lost: ${held}.`,
    );
  if (hold !== undefined)
    said.push(`Recovering: above the exit threshold for ${span(at - hold.since)}, ${hold.samples} samples.`);
  if (measured === 'normal' && state.stressCount > 0)
    said.push(
      `${state.stressCount} samples in a row below ${ratio(thresholds.enterStressPpm)}, where stress begins.`,
    );
  if (measured !== 'critical' && state.criticalCount > 0)
    said.push(
      `${state.criticalCount} samples in a row below ${ratio(thresholds.enterCriticalPpm)}, where critical begins.`,
    );
  return said;
}

/** Draws into `#state`, and tells screen readers of changes. */
export class StatePanel {
  #announced: StateName | undefined;
  #drawn = '';

  update(view: ServedView): void {
    const { state, at, sample } = view;
    const shown = lines(view);
    const reasons = reasonsOf(view).map(reasonText);
    const key = JSON.stringify([
      state.state,
      state.since,
      sample?.lambdaPpm,
      Math.floor(at / 1000),
      shown,
      reasons,
    ]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    byId('state').replaceChildren(
      el(
        'p',
        { class: `state-word ${state.state}` },
        stateIcon(state.state),
        el('span', { id: 'state-word' }, state.state.toUpperCase()),
      ),
      el('p', { class: 'state-means' }, words[state.state] ?? ''),
      el(
        'dl',
        { class: 'facts' },
        el(
          'div',
          {},
          el('dt', {}, 'lambda'),
          el('dd', { id: 'lambda-now', class: 'figure' }, ratio(sample?.lambdaPpm)),
        ),
        el(
          'div',
          {},
          el('dt', {}, 'since'),
          el('dd', {}, time(state.since), el('span', { class: 'about' }, `for ${span(at - state.since)}`)),
        ),
        el(
          'div',
          {},
          el('dt', {}, 'last sample'),
          sample === null
            ? el('dd', {}, 'none yet')
            : el('dd', {}, time(sample.at), el('span', { class: 'about' }, `${span(at - sample.at)} ago`)),
        ),
      ),
      ...shown.map((line) => el('p', { class: 'line' }, line)),
      reasons.length === 0
        ? ''
        : el(
            'div',
            { class: 'line' },
            el('h3', {}, 'Why'),
            el('ul', { class: 'reasons' }, ...reasons.slice(0, 6).map((reason) => el('li', {}, reason))),
          ),
    );
    if (this.#announced !== state.state) {
      // The first state is read with the page; later ones are announced.
      if (this.#announced !== undefined)
        setText(byId('announce'), `State ${state.state}: ${words[state.state] ?? ''}`);
      this.#announced = state.state;
      document.documentElement.dataset.state = state.state;
    }
  }
}
