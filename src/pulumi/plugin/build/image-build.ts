import { changesBetween } from '../../../build';
import { type Problem, SignedImageError } from '../../../error';
import { formatRepository, parseDigest, parseReference, type Repository } from '../../../oci';
import { distinct } from '../../../error/signed-image-error';
import { validateOverrides } from '../../../source';
import { token } from '../../package';
import { declaredFingerprint, fingerprintParts } from './build-fingerprint';
import type {
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  CrudResource,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
  UpdateRequest,
} from '../protocol/crud-resource';
import { accessProblems } from '../inputs/declared-access';
import { readDeletion, readRegistry } from '../inputs/declared-registry';
import { type BuildDeclaration, buildProblems, readBuild } from '../inputs/declared-build';
import { readReference } from '../inputs/declared-image';
import { readSource } from '../inputs/declared-source';
import type { PluginEnvironment } from '../environment';
import { buildImage, sourceFacts } from './build';
import { removeImages } from './delete';
import {
  changedInputs,
  differsIn,
  hasUnknown,
  type Properties,
  reveal,
  Secret,
  UNKNOWN,
  type Value,
} from '../protocol/wire-value';
import { InputReader } from '../inputs/input-reader';
import { previouslyPushed } from './pushed-images';

/** Builds with a command-line builder and pushes. The digest that the builder reports is a claim. */
export function createImageBuild(environment: PluginEnvironment): CrudResource {
  return {
    type: token('ImageBuild'),
    check: (request) => check(request, environment),
    diff: (request) => diff(request, environment),
    create: (request) => create(request, environment),
    update: (request) => update(request, environment),
    read: (request) => read(request, environment),
    // By default the image is kept: pods may run it, and another stack may use the same digest.
    delete: (request) => removeImages(request, environment),
  };
}

async function check(
  { urn, olds, news, log }: CheckRequest,
  environment: PluginEnvironment,
): Promise<CheckResult> {
  const inputs = new InputReader(news);
  const reference = readReference(inputs.at('image'));
  const build = readBuild(inputs.at('build'), environment.cwd);
  const registry = readRegistry(inputs.at('registry'));
  readDeletion(inputs);
  const found = [
    ...inputs.problems,
    ...validateOverrides(readSource(inputs.at('source')), environment.env),
    ...providerBuilderProblems(build),
    ...(await buildProblems(inputs, environment.cwd)),
  ];
  const problems = distinct(found).filter(({ property }) => inputs.isKnown(property));
  const { secrets, ...rest } = (news['build'] ?? {}) as Properties;
  environment.handoff.put(urn, { secrets: secrets ?? null });

  const cannotFingerprint =
    problems.length > 0 || hasUnknown(news['build']) || hasUnknown(news['registry']);
  const fingerprint: Value =
    cannotFingerprint || !reference
      ? UNKNOWN
      : markSecretParts(
          await declaredFingerprint({
            build,
            pushedTo: reference,
            registry,
            olds,
            environment,
            log,
          }),
          build.secretArgs,
        );
  const checked: Properties = {
    ...news,
    build: { ...rest, ...(build.secretIds.length > 0 && { secretIds: build.secretIds }) },
    fingerprint,
  };
  // The first update checks the access in its plan, and an update without a build need not check it.
  const willRebuild = Object.keys(olds).length > 0 && needsRebuild(olds, checked);
  const accessErrors = willRebuild ? await accessProblems(reference, inputs, environment) : [];
  return { inputs: checked, problems: distinct([...problems, ...accessErrors]) };
}

/** For these builders, the component creates a resource of another provider. */
function providerBuilderProblems({
  declared: { builder = 'auto' },
}: BuildDeclaration): readonly Problem[] {
  if (!builder.startsWith('pulumi-')) return [];
  const message = `${JSON.stringify(builder)} builds with a resource of its own provider; declare a SignedImage, or use that resource`;
  return [{ property: 'build.builder', code: 'INPUT_INVALID', message }];
}

/** A secret argument could be guessed from its hash, so the hash is marked as secret too. */
function markSecretParts(
  parts: Readonly<Record<string, string>>,
  secretArgs: readonly string[],
): Value {
  const isSecret = (name: string): boolean => secretArgs.some((arg) => name === `argument ${arg}`);
  return Object.fromEntries(
    Object.entries(parts).map(([name, value]) => [
      name,
      isSecret(name) ? new Secret(value) : value,
    ]),
  );
}

/** Only the fingerprint decides about a rebuild: another builder or cache produces the same image. */
async function diff(
  { urn, oldInputs, oldOutputs, news, log }: DiffRequest,
  environment: PluginEnvironment,
): Promise<DiffResult> {
  const changed = changedInputs(oldInputs, news).filter((name) => name !== 'build');
  const moved =
    changed.includes('image') && !hasUnknown(news['image']) && changesRepository(oldInputs, news);
  const images = previouslyPushed(oldOutputs).length;
  if (!moved) recordUse(urn, oldInputs, oldOutputs, environment);
  else if (readDeletion(new InputReader(oldInputs)) === 'all' && images > 0) {
    const from = formatRepository(repositoryOf(oldInputs));
    log.info(
      `the replacement removes ${images} images that this resource pushed from ${from} (deletion: all)`,
    );
  }
  return {
    changed: changed.filter((name) => name !== 'fingerprint' || needsRebuild(oldInputs, news)),
    // Images in the old repository are deleted with the access to that repository, if at all.
    replaces: moved ? ['image'] : [],
  };
}

function changesRepository(olds: Properties, news: Properties): boolean {
  return formatRepository(repositoryOf(olds)) !== formatRepository(repositoryOf(news));
}

function repositoryOf(inputs: Properties): Repository {
  return parseReference(new InputReader(inputs).at('image').string() ?? '').repository;
}

function recordUse(
  urn: string,
  inputs: Properties,
  outputs: Properties,
  { uses }: PluginEnvironment,
): void {
  const digest = new InputReader(outputs).at('claimedDigest').string();
  uses.record(urn, formatRepository(repositoryOf(inputs)), digest === undefined ? [] : [digest]);
}

function needsRebuild(olds: Properties, news: Properties): boolean {
  if (hasUnknown(news['fingerprint'])) return true;
  return changesBetween(fingerprintParts(olds), fingerprintParts(news)).length > 0;
}

async function create(
  request: CreateRequest,
  environment: PluginEnvironment,
): Promise<CreateResult> {
  const id = String(reveal(request.inputs['image'] ?? null));
  if (request.preview) {
    request.log.note(
      hasUnknown(request.inputs['image']) ? 'would build' : `would build, and push to ${id}`,
    );
  }
  return { id, outputs: await buildAndPush(request, {}, environment) };
}

async function update(request: UpdateRequest, environment: PluginEnvironment): Promise<Properties> {
  const { inputs, oldInputs, oldOutputs, preview, log } = request;
  const moved = differsIn(oldInputs, inputs, ['image']);
  if (moved || needsRebuild(oldInputs, inputs)) {
    if (!hasUnknown(inputs['fingerprint'])) {
      const changes = changesBetween(fingerprintParts(oldInputs), fingerprintParts(inputs));
      log.note(
        `${preview ? 'would rebuild' : 'rebuilding'}: ${changes.join(', ') || 'the image reference changed'}`,
      );
    }
    return buildAndPush(request, oldOutputs, environment);
  }
  if (!differsIn(oldInputs, inputs, ['source'])) return oldOutputs;
  return { ...oldOutputs, facts: await sourceFacts(inputs, environment) };
}

async function buildAndPush(
  request: CreateRequest,
  previous: Properties,
  environment: PluginEnvironment,
): Promise<Properties> {
  const outputs = await buildImage(request, previous, environment);
  if (!request.preview) recordUse(request.urn, request.inputs, outputs, environment);
  return outputs;
}

/** Reports the image as gone only if the registry returns "not found": then the next update builds it again. */
async function read(
  { inputs, outputs, log }: ReadRequest,
  environment: PluginEnvironment,
): Promise<ReadResult> {
  const reader = new InputReader(inputs);
  const { repository } = parseReference(reader.at('image').string() ?? '');
  const claimed = new InputReader(outputs).at('claimedDigest').string() ?? '';
  try {
    const client = environment.registryClient(repository, readRegistry(reader.at('registry')));
    const found = await client.resolve(repository, parseDigest(claimed));
    if (found) return { inputs, outputs };
    log.warn(
      `${repository.registry} no longer has ${repository.path}@${claimed}; the next update builds it again`,
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    log.warn(
      `check of ${repository.path}@${claimed} failed; state left unchanged: ${error.message}`,
    );
    return { inputs, outputs };
  }
}
