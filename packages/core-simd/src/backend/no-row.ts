/** An index names no row; with the code that the addon's error has (native/addon/addon.h). */
export class NoRow extends RangeError {
  readonly code = 'ERR_SIMD_ADDON_INDEX';

  constructor(index: number) {
    super(`no row ${index}`);
    this.name = 'NoRow';
  }
}

export function isNoRow(error: unknown): boolean {
  return error instanceof RangeError && (error as { code?: unknown }).code === 'ERR_SIMD_ADDON_INDEX';
}
