/**
 * An input that a class adds to every resource: the version of the library. The plugin compares it with its own and
 * does not store it. SDKs in other languages have no such code; the engine compares their version with the plugin's.
 */
export const LIBRARY_VERSION = '(library version)';

export interface VersionDifference {
  /** Whether the two versions may disagree about inputs and outputs. */
  readonly isIncompatible: boolean;
  readonly message: string;
}

/** Compares the versions of the library and the plugin; `undefined` if they are equal. */
export function versionDifference(library: string, plugin: string): VersionDifference | undefined {
  if (library === plugin) return undefined;
  const isIncompatible = compatibleRange(library) !== compatibleRange(plugin);
  const consequence = isIncompatible
    ? 'these versions are not compatible'
    : 'inputs and outputs may differ';
  return {
    isIncompatible,
    message:
      `the program uses pulumi-signed-image ${library}, and the plugin is version ${plugin}: ${consequence}. ` +
      `Install the same version: \`npm install pulumi-signed-image@${plugin}\`, or start the plugin of the ` +
      'library (`plugins.providers` in Pulumi.yaml with `path: node_modules/pulumi-signed-image/plugin`)',
  };
}

/** The part of a version that compatible versions share (https://semver.org/#spec-item-4): `0.1`, `1`. */
function compatibleRange(version: string): string {
  const [major = '', minor = ''] = version.split('.');
  return major === '0' ? `${major}.${minor}` : major;
}
