import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci';
import type { HostileResponse } from '../support/hostile-response';
import type { Scene } from '../support/scene';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const descriptor = (change: object = {}) => ({
  mediaType: OCI_CONFIG,
  digest: DIGEST,
  size: 2,
  ...change,
});
const manifest = (change: object = {}) => ({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: descriptor(),
  layers: [],
  ...change,
});

const text = (change: (json: string) => string) => (scene: Scene) =>
  scene.pose(Buffer.from(change(JSON.stringify(manifest()))));

/** Ambiguous manifests, which parsers may interpret differently: they are never signed. */
const MALFORMED: Readonly<Record<string, (scene: Scene) => unknown>> = {
  'an image that is an index too': (scene) => scene.pose(manifest({ manifests: [] })),
  'an index that is an image too': (scene) =>
    scene.pose(manifest({ mediaType: OCI_INDEX, manifests: [] }), OCI_INDEX),
  'a manifest that names its layers twice': text((json) =>
    json.replace('"layers":[]', `"layers":[],"layers":[${JSON.stringify(descriptor())}]`),
  ),
  'a manifest that names its layers twice, once with an escape': text((json) =>
    json.replace('"layers":[]', `"layers":[],"l\\u0061yers":[${JSON.stringify(descriptor())}]`),
  ),
  'a manifest of schema version 1': (scene) => scene.pose(manifest({ schemaVersion: 1 })),
  'a manifest whose schema version is text': (scene) =>
    scene.pose(manifest({ schemaVersion: '2' })),
  'a layer with a digest in mixed case': (scene) =>
    scene.pose(manifest({ layers: [descriptor({ digest: DIGEST.replaceAll('a', 'A') })] })),
  'a layer with a digest that is a path': (scene) =>
    scene.pose(manifest({ layers: [descriptor({ digest: 'sha256:../../../etc/passwd' })] })),
  'a layer with a line end after its digest': (scene) =>
    scene.pose(manifest({ layers: [descriptor({ digest: `${DIGEST}\n` })] })),
  'a layer of negative size': (scene) =>
    scene.pose(manifest({ layers: [descriptor({ size: -1 })] })),
  'a layer of half a byte': (scene) =>
    scene.pose(manifest({ layers: [descriptor({ size: 0.5 })] })),
  'a layer with a size that is rounded': text((json) =>
    json.replace('"size":2', '"size":9007199254740993'),
  ),
  'a layer of infinite size': text((json) => json.replace('"size":2', '"size":1e999')),
  'a layer whose size is text': (scene) =>
    scene.pose(manifest({ layers: [descriptor({ size: '2' })] })),
  'a config that is no descriptor': (scene) => scene.pose(manifest({ config: [descriptor()] })),
  'no config': (scene) => scene.pose(manifest({ config: undefined })),
  'layers under the numbers of a list': (scene) =>
    scene.pose(manifest({ layers: { 0: descriptor(), length: 1 } })),
  'annotations that are numbers': (scene) => scene.pose(manifest({ annotations: { a: 1 } })),
  'layers that only the prototype has': text((json) =>
    json.replace('"layers":[]', `"__proto__":{"layers":[]}`),
  ),
  'a manifest nested as deep as it is long': text((json) =>
    json.replace('"layers":[]', `"layers":[],"x":${'['.repeat(500_000)}${']'.repeat(500_000)}`),
  ),
  'a subject that is no descriptor': (scene) => scene.pose(manifest({ subject: 'sha256:x' })),
  'invalid UTF-8 in a manifest': (scene) =>
    scene.pose(
      Buffer.concat([
        Buffer.from('{"schemaVersion":2,"x":"'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(`",${JSON.stringify(manifest()).slice(1)}`),
      ]),
    ),
};

/** Documents that are not manifests. */
const NO_MANIFEST: Readonly<Record<string, (scene: Scene) => unknown>> = {
  'a list instead of a manifest': (scene) => scene.pose([manifest()]),
  'a NUL after the manifest': text((json) => `${json}\0`),
  'a second document after the manifest': text((json) => `${json}${json}`),
  'a byte order mark that the digest covers': text((json) => `\ufeff${json}`),
};

function signing(
  cases: Readonly<Record<string, (scene: Scene) => unknown>>,
  expect: HostileResponse['expect'],
) {
  return Object.entries(cases).map(([name, inject]): HostileResponse => ({
    name,
    operation: 'sign',
    inject,
    expect,
  }));
}

/** An image that was pushed to be signed. */
export const DOCUMENT_CASES: readonly HostileResponse[] = [
  ...signing(MALFORMED, 'CONTENT_MALFORMED'),
  ...signing(NO_MANIFEST, ['REGISTRY_PROTOCOL', 'CONTENT_MALFORMED']),
];
