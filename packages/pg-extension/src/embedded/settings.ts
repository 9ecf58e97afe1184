import { EmbeddedError } from './errors.js';

/** PostgreSQL settings by name, as in `postgresql.conf`: `{ work_mem: '64MB', jit: false }`. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Settings that decide where a server lives and who may enter it: `startEmbedded` owns them. */
const owned: ReadonlyMap<string, string> = new Map([
  ['config_file', 'pass the settings themselves'],
  ['data_directory', 'use the option dataDir'],
  ['external_pid_file', 'the process id is a property of the result'],
  ['hba_file', 'access is decided by the socket directory'],
  ['ident_file', 'access is decided by the socket directory'],
  ['unix_socket_directories', 'the socket directory is private to each server'],
  ['unix_socket_group', 'access is decided by the socket directory'],
  ['unix_socket_permissions', 'access is decided by the socket directory'],
  ['extension_destdir', 'use the option extensions'],
  ['extension_control_path', 'use the option extensions'],
  ['dynamic_library_path', 'use the option extensions'],
  // Directives of the file's grammar, no settings: they would read other files.
  ['include', 'pass the settings themselves'],
  ['include_dir', 'pass the settings themselves'],
  ['include_if_exists', 'pass the settings themselves'],
]);

// guc-file.l: a name is one identifier, or an extension's prefix, a dot and an identifier.
const nameSyntax = /^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$/;

/**
 * Checks the names and values of settings and turns the values into strings. Names are not compared with the
 * server's list: the server does that, and knows the settings of the libraries that it preloads.
 *
 * @throws {EmbeddedError} `ERR_EMBEDDED_SETTING`
 */
export function checkSettings(settings: Settings | undefined): Map<string, string> {
  const checked = new Map<string, string>();
  if (settings === undefined) return checked;
  if (typeof settings !== 'object' || settings === null) {
    throw new EmbeddedError('ERR_EMBEDDED_OPTION', 'settings must be an object of names and values');
  }
  for (const [name, value] of Object.entries(settings) as [string, unknown][]) {
    if (!nameSyntax.test(name)) {
      throw new EmbeddedError('ERR_EMBEDDED_SETTING', `${JSON.stringify(name)} is not the name of a setting`);
    }
    const key = name.toLowerCase();
    const instead = owned.get(key);
    if (instead !== undefined) {
      throw new EmbeddedError('ERR_EMBEDDED_SETTING', `setting ${key} cannot be given: ${instead}`);
    }
    checked.set(key, settingValue(key, value));
  }
  return checked;
}

function settingValue(name: string, value: unknown): string {
  switch (typeof value) {
    case 'boolean':
      return value ? 'on' : 'off';
    case 'number':
      if (Number.isFinite(value)) return String(value);
      break;
    case 'string':
      if (!/[\0\p{Surrogate}]/u.test(value)) return value;
      break;
  }
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new EmbeddedError(
    'ERR_EMBEDDED_SETTING',
    `setting ${name} must be a finite number, a boolean, or a string without NUL and lone surrogates; it is ${shown}`,
  );
}

/** One line of a configuration file, quoted so that GUC_scanstr (guc-file.l) reads back exactly `value`. */
export function settingLine(name: string, value: string): string {
  const quoted = value
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "''")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `${name} = '${quoted}'\n`;
}
