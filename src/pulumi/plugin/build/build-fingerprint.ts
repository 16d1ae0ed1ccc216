import { readFile } from 'node:fs/promises';

import {
  baseImages,
  type BuildFingerprint,
  buildFingerprint,
  contextHash,
  formatContext,
  ignoreConvention,
  imagesWithContexts,
  namedContextHash,
  type NamedContexts,
  networkOf,
  resolveBases,
} from '../../../build';
import type { Reference } from '../../../oci';
import type { BuildDeclaration } from '../inputs/declared-build';
import type { RegistryAccess } from '../inputs/declared-registry';
import type { ResourceLog } from '../protocol/engine-log';
import type { PluginEnvironment } from '../environment';
import { InputReader } from '../inputs/input-reader';
import type { Properties } from '../protocol/wire-value';

export interface FingerprintRequest {
  readonly build: BuildDeclaration;
  /** The reference that `registry` applies to; base images elsewhere are resolved with the docker config. */
  readonly pushedTo: Reference;
  readonly registry: RegistryAccess;
  /** The inputs of the last build: they have the last known digest of a base that cannot be resolved now. */
  readonly olds: Properties;
  readonly environment: PluginEnvironment;
  readonly log: ResourceLog;
}

const BASE_CHANGES_UNDETECTED = '; a change of the base images may not be detected';

/** Returns all parts that cause a rebuild when they change, by name. */
export async function declaredFingerprint({
  build,
  pushedTo,
  registry,
  olds,
  environment,
  log,
}: FingerprintRequest): Promise<BuildFingerprint['parts']> {
  const { context, dockerfile, declared } = build;
  const [hash, text] = await Promise.all([
    contextHash({ context, dockerfile, convention: ignoreConvention(declared) }),
    readFile(dockerfile, 'utf8'),
  ]);
  const args = declared.args ?? {};
  const client = environment.registryClient(pushedTo.repository, registry);
  const { images, problems } = baseImages(text, {
    args,
    target: declared.target,
    platforms: declared.platforms,
  });
  const { bases, warnings } = await resolveBases({
    images: imagesWithContexts(images, build.contexts),
    previous: fingerprintParts(olds),
    resolve: (image) => environment.bases.of(image, client),
  });
  const parseWarnings = problems.map(
    (problem) => `${build.relativePaths.dockerfile}: ${problem}${BASE_CHANGES_UNDETECTED}`,
  );
  for (const warning of [...hash.warnings, ...parseWarnings, ...warnings]) log.warn(warning);
  return buildFingerprint({
    context: hash.hash,
    dockerfile: hash.dockerfile,
    args,
    target: declared.target,
    platforms: declared.platforms ?? [],
    labels: declared.labels ?? {},
    contexts: await contentOf(build.contexts),
    ...networkOf(declared.network),
    addHosts: declared.addHosts ?? {},
    sbom: declared.sbom ?? false,
    bases,
  }).parts;
}

/** The content of each named context; that of an image is its digest, which is a part as a base. */
async function contentOf(contexts: NamedContexts): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(contexts).map(async ([name, context]) => [
    name,
    context.kind === 'folder' ? await namedContextHash(name, context.path) : formatContext(context),
  ]);
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
}

export function fingerprintParts(inputs: Properties): Readonly<Record<string, string>> {
  return new InputReader(inputs['fingerprint']).record();
}
