import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Engine, pushBaseImage, startBuildkit } from '../../../dev/builders';
import { execute } from '../../../dev/builders/engine';
import type { RunningRegistry } from '../../../dev/registry';
import { PREDICATES } from './predicates';

export const SBOM = 'https://spdx.dev/Document';
export const BUILDER_ID =
  'https://github.com/octo-org/octo-repo/actions/runs/1234567890/attempts/1';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: { readonly os: string; readonly architecture: string };
}
interface Manifest {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
  readonly subject?: Descriptor;
}

/** An image of two platforms that BuildKit built, with its attestation manifests. */
export interface BuildkitImage {
  /** The path of its repository in the registry. */
  readonly path: string;
  readonly digest: string;
  readonly reference: string;
}

let repositories = 0;
function freshPath(): string {
  repositories += 1;
  return `buildkit/app-${repositories}`;
}

interface BuildOptions {
  /** What docker/github-builder passes: the URL of the run. */
  readonly builderId?: string;
  /** The content of the image. */
  readonly app?: string;
}

/** BuildKit, which builds into a registry. */
export interface Buildkit {
  build(options?: BuildOptions): Promise<BuildkitImage>;
  stop(): Promise<void>;
}

export async function startBuildkitFor(registry: RunningRegistry): Promise<Buildkit> {
  const folder = await mkdtemp(join(tmpdir(), 'shapes-'));
  const port = Number(registry.host.split(':')[1]);
  const engine: Engine = await startBuildkit({ folder, reaches: [port] });
  const context = join(folder, 'context');
  await mkdir(context);
  await writeFile(join(context, 'Dockerfile'), 'FROM scratch\nCOPY app /app\n');
  // A generator of SBOMs: https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md
  const generator = await pushBaseImage({
    registry: registry.host,
    name: 'buildkit/scanner:1',
    files: {
      '/spdx.json': JSON.stringify({
        _type: 'https://in-toto.io/Statement/v0.1',
        predicateType: SBOM,
        predicate: JSON.parse(PREDICATES.spdxjson) as unknown,
      }),
    },
    settings: {
      Entrypoint: ['sh', '-c', 'cat /spdx.json > $BUILDKIT_SCAN_DESTINATION/app.spdx.json'],
    },
  });
  return {
    async build({ builderId = BUILDER_ID, app = 'hello' } = {}) {
      const path = freshPath();
      await writeFile(join(context, 'app'), app);
      const metadata = join(folder, 'metadata.json');
      await execute(
        'docker',
        [
          ...['buildx', 'build', '--builder', engine.buildxBuilder ?? ''],
          ...['--platform', 'linux/amd64,linux/arm64', '--metadata-file', metadata],
          // As docker/github-builder (.github/workflows/build.yml).
          ...['--attest', `type=provenance,mode=max,version=v1,builder-id=${builderId}`],
          ...['--attest', `type=sbom,generator=${generator}`],
          ...['--output', `type=image,name=${registry.host}/${path},push=true`, context],
        ],
        engine.env,
      );
      const text = await readFile(metadata, 'utf8');
      const digest = (JSON.parse(text) as Record<string, string>)['containerimage.digest'] ?? '';
      return imageAt(registry, path, digest);
    },
    stop: () => engine.stop(),
  };
}

function imageAt({ host }: RunningRegistry, path: string, digest: string): BuildkitImage {
  return { path, digest, reference: `${host}/${path}@${digest}` };
}

function read<T = Manifest>({ store }: RunningRegistry, path: string, digest: string): T {
  const stored = store.getManifest(path, digest);
  if (stored === undefined) throw new Error(`${path} does not have ${digest}`);
  return JSON.parse(stored.bytes.toString('utf8')) as T;
}

/** Copies everything of a repository, with what is stored for its manifests, into another one: by default a new one. */
export function copyOf(
  registry: RunningRegistry,
  image: BuildkitImage,
  path = freshPath(),
): BuildkitImage {
  const { store } = registry;
  for (const [, { mediaType, bytes }] of store.manifests(image.path)) {
    const { config, layers = [] } = JSON.parse(bytes.toString('utf8')) as Manifest;
    for (const { digest } of [...(config ? [config] : []), ...layers]) {
      const blob = store.getBlob(image.path, digest);
      if (blob === undefined) throw new Error(`${image.path} does not have ${digest}`);
      store.putBlob(path, blob);
    }
    store.putManifest(path, { mediaType, bytes });
  }
  return imageAt(registry, path, image.digest);
}

/** The descriptors in the index. */
export function listed(registry: RunningRegistry, { path, digest }: BuildkitImage) {
  return read(registry, path, digest).manifests ?? [];
}

const REFERENCE = 'vnd.docker.reference.digest';

export function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.[REFERENCE] !== undefined;
}

export function attestationsOf(registry: RunningRegistry, image: BuildkitImage) {
  return listed(registry, image).filter(isAttestation);
}

/** The attestation manifests that the index lists: `host/path@digest`. */
export function attestationReferences(
  registry: RunningRegistry,
  image: BuildkitImage,
): readonly string[] {
  return attestationsOf(registry, image).map(
    ({ digest }) => `${registry.host}/${image.path}@${digest}`,
  );
}

/** The same image with another list in its index. */
export function withIndex(
  registry: RunningRegistry,
  image: BuildkitImage,
  change: (manifests: readonly Descriptor[]) => readonly Descriptor[],
): BuildkitImage {
  const { store } = registry;
  const index = read<object>(registry, image.path, image.digest);
  const stored = store.getManifest(image.path, image.digest);
  const manifests = change(listed(registry, image));
  const bytes = Buffer.from(JSON.stringify({ ...index, manifests }));
  const mediaType = stored?.mediaType ?? '';
  return imageAt(registry, image.path, store.putManifest(image.path, { mediaType, bytes }));
}

/** Rewrites the layers of each attestation manifest; `change` gets the statement of a layer. */
export function withStatements(
  registry: RunningRegistry,
  image: BuildkitImage,
  change: (
    statement: Readonly<Record<string, unknown>>,
    layer: Descriptor,
  ) => { readonly statement?: object; readonly annotations?: Readonly<Record<string, string>> },
): BuildkitImage {
  const { store } = registry;
  return withIndex(registry, image, (manifests) =>
    manifests.map((each) => {
      if (!isAttestation(each)) return each;
      const manifest = read(registry, image.path, each.digest);
      const layers = (manifest.layers ?? []).map((layer) => {
        const text = store.getBlob(image.path, layer.digest)?.toString('utf8') ?? '';
        const changed = change(JSON.parse(text) as Record<string, unknown>, layer);
        const bytes = Buffer.from(
          changed.statement === undefined ? text : JSON.stringify(changed.statement),
        );
        const digest = store.putBlob(image.path, bytes);
        const annotations = { ...layer.annotations, ...changed.annotations };
        return { ...layer, digest, size: bytes.length, annotations };
      });
      const bytes = Buffer.from(JSON.stringify({ ...manifest, layers }));
      const { mediaType } = each;
      const digest = store.putManifest(image.path, { mediaType, bytes });
      return { ...each, digest, size: bytes.length };
    }),
  );
}

/** Assigns each attestation manifest to a platform: of those of `from`, in the order of the index. */
export function withAttestationsOf(
  registry: RunningRegistry,
  image: BuildkitImage,
  from: readonly Descriptor[],
): BuildkitImage {
  return withIndex(registry, image, (manifests) => {
    const others = [...from];
    return manifests.map((each) => {
      const other = isAttestation(each) ? others.shift() : undefined;
      return other === undefined
        ? each
        : { ...each, digest: other.digest, size: other.size, mediaType: other.mediaType };
    });
  });
}

/** The referrers of a manifest, with their digests. */
export function bundlesBeside(registry: RunningRegistry, path: string, subject: string) {
  return [...registry.store.manifests(path)].flatMap(([digest, { mediaType, bytes }]) => {
    const manifest = JSON.parse(bytes.toString('utf8')) as Manifest;
    return manifest.subject?.digest === subject ? [{ digest, mediaType, manifest }] : [];
  });
}
