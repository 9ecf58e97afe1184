// @ts-check
import { SetupError } from './process.mjs';

/** `engines` of every package.json here. */
const oldest = [20, 19];

/** @param {string} [version] */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  const { platform, arch } = process;
  throw new SetupError(
    `Node ${oldest.join('.')} or newer is needed, and this is ${version}. ` +
      `Install one from https://nodejs.org, or without any rights: ` +
      `npm install --prefix ~/.node22 node-${platform}-${arch}@22 && ` +
      `export PATH="$HOME/.node22/node_modules/node-${platform}-${arch}/bin:$PATH"`,
  );
}
