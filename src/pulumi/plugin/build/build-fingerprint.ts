import { readFile } from 'node:fs/promises';

import {
  baseImages,
  type BuildFingerprint,
  buildFingerprint,
  contextHash,
  ignoreConvention,
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
  /** The registry that `registry` is about; bases elsewhere are asked for by the docker config. */
  readonly pushedTo: Reference;
  readonly registry: RegistryAccess;
  /** The inputs of the last build: what is known of a base that cannot be looked up now. */
  readonly olds: Properties;
  readonly environment: PluginEnvironment;
  readonly log: ResourceLog;
}

const MAY_BE_MISSED = '; a change of the base images may go unnoticed';

/** Everything that makes this build run again, by name. */
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
    images,
    previous: fingerprintParts(olds),
    resolve: (image) => environment.bases.of(image, client),
  });
  const unread = problems.map(
    (problem) => `${build.formatPath.dockerfile}: ${problem}${MAY_BE_MISSED}`,
  );
  for (const warning of [...hash.warnings, ...unread, ...warnings]) log.warn(warning);
  return buildFingerprint({
    context: hash.hash,
    dockerfile: hash.dockerfile,
    args,
    target: declared.target,
    platforms: declared.platforms ?? [],
    labels: declared.labels ?? {},
    bases,
  }).parts;
}

export function fingerprintParts(inputs: Properties): Readonly<Record<string, string>> {
  return new InputReader(inputs['fingerprint']).record();
}
