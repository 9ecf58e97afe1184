/**
 * The backend in the addon: finds it, and gives its variants that run here (native/addon/addon.h is its contract).
 *
 * Its functions are used as they are: they take what {@link Backend} promises, and check lengths, and indices, themselves.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { addonCure, addonFiles } from './addon-files.js';
import type { Absent, Backend, Job, KernelMetric, NativeVariant, TypeName } from './types.js';

/** The addon's functions of one variant. */
export interface NativeKernels extends Omit<Backend, 'result' | 'long'> {
  /**
   * Does a job on another thread, and calls back on this one when nothing works on its arrays any longer: with what
   * the shape's function would throw, else with whether the job is done; it is not where control[0] asked to stop.
   */
  start(
    shape: Job['shape'],
    type: TypeName,
    metric: KernelMetric,
    args: Job['args'],
    control: Int32Array,
    callback: (error: Error | undefined, done: boolean) => void,
  ): void;
}

/** What native/addon/module.c exports. */
export interface Addon {
  readonly abi: number;
  /** The slot that pairs, norms and sparse pairs leave their result in: one float64. */
  readonly result: ArrayBuffer;
  /** Best first. */
  readonly variants: Readonly<Partial<Record<NativeVariant, () => NativeKernels>>>;
}

const supportedAbi = 2;

/** The addon, or why there is none and how to get it. */
export function loadAddon(): { readonly addon: Addon } | Absent {
  const require = createRequire(import.meta.url);
  const { files, missing } = addonFiles();
  const tried = [...missing];
  for (const file of files) {
    if (!existsSync(file)) {
      tried.push(`${file} does not exist`);
      continue;
    }
    try {
      const addon = require(file) as Addon;
      if (addon.abi === supportedAbi) return { addon };
      tried.push(`${file} is of another version (interface ${addon.abi}, expected ${supportedAbi})`);
    } catch (error) {
      tried.push(`${file} does not load: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { reason: `no native addon: ${tried.join('; ')}. To build it, run: ${addonCure}` };
}

function backendOf(addon: Addon, bind: () => NativeKernels): Backend {
  const { shapes, norm, convert, sparse, start } = bind();
  return {
    result: new Float64Array(addon.result),
    shapes,
    norm,
    convert,
    sparse,
    long: {
      kind: 'thread',
      start: ({ shape, type, metric, args }, control) =>
        new Promise((resolve, reject) => {
          start(shape, type, metric, args, control, (error, done) => {
            if (error === undefined) resolve(done);
            else reject(error);
          });
        }),
    },
  };
}

/** The variants of the addon that run here, best first, or why there are none and how to get them. */
export function loadNative(): { readonly variants: ReadonlyMap<NativeVariant, () => Backend> } | Absent {
  const loaded = loadAddon();
  if ('reason' in loaded) return loaded;
  const { addon } = loaded;
  const binders = Object.entries(addon.variants) as Array<[NativeVariant, () => NativeKernels]>;
  return { variants: new Map(binders.map(([name, bind]) => [name, () => backendOf(addon, bind)])) };
}
