import { dump } from 'js-yaml';

import type { Manifest } from './manifest';

/** Manifests as one YAML text for `kubectl apply -f -`, with what they do not check as comments. */
export function yamlOf(manifests: readonly Manifest[], warnings: readonly string[] = []): string {
  const comments = warnings.map((warning) => `# ${warning.replaceAll('\n', '\n# ')}\n`).join('');
  // No anchors: not every reader of YAML knows them.
  const options = { lineWidth: -1, noRefs: true };
  return comments + manifests.map((manifest) => dump(manifest, options)).join('---\n');
}
