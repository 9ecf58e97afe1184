/**
 * The backend of this thread. The door that is imported (index.ts, browser.ts) sets the host before any module that
 * computes is evaluated; without a door there is TypeScript alone.
 */
import { type Choice, chooseBackend } from './choose.js';
import type { Host } from './types.js';

let host: Host | undefined;
let choice: Choice | undefined;

export function setHost(chosen: Host): void {
  host ??= chosen;
}

/** Chooses on the first call. */
export function current(): Choice {
  choice ??= chooseBackend(
    host ?? {
      wish: 'typescript',
      native: () => ({ reason: '' }),
      wasmAbsence: () => '',
      wasm: () => ({ reason: '' }),
    },
  );
  return choice;
}
