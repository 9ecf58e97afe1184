/** Bundles the page into a directory, which is made if it is not there. */
export function buildPage(directory: string): Promise<void>;
