import type { Suite } from '../suite.js';

/** Every suite that the command line knows. */
export const suites: readonly Suite[] = [];
