import { DEFAULT_SCHEMA, dump, Type } from 'js-yaml';

import type { Manifest } from './manifest';

/**
 * Texts that Kubernetes' reader may take for a number, `1_0` among them: it reads YAML 1.1, and js-yaml
 * writes a text in quotes only where it would read something else itself.
 */
const numberLike = new Type('tag:signed-image.dev,2026:number-like', {
  kind: 'scalar',
  resolve: (text: unknown) => typeof text === 'string' && /^[-+.0-9_]/.test(text),
  predicate: () => false,
});

const SCHEMA = DEFAULT_SCHEMA.extend({ implicit: [numberLike] });

/** Manifests as one YAML text for `kubectl apply -f -`, with what they do not check as comments. */
export function yamlOf(manifests: readonly Manifest[], warnings: readonly string[] = []): string {
  const comments = warnings.map((warning) => `# ${warning.replaceAll('\n', '\n# ')}\n`).join('');
  // No anchors: not every reader of YAML knows them.
  const options = { lineWidth: -1, noRefs: true, schema: SCHEMA };
  return comments + manifests.map((manifest) => dump(manifest, options)).join('---\n');
}
