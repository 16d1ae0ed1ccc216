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
import { built, sourceFacts } from './build';
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
import { pushedBefore } from './pushed-images';

/** Builds with a command-line builder and pushes; what it says of the digest is a claim. */
export function createImageBuild(environment: PluginEnvironment): CrudResource {
  return {
    type: token('ImageBuild'),
    check: (request) => check(request, environment),
    diff: (request) => diff(request, environment),
    create: (request) => create(request, environment),
    update: (request) => update(request, environment),
    read: (request) => read(request, environment),
    // By default the image stays: pods may run it, and another stack may have the same digest.
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
    ...notOurBuilder(build),
    ...(await buildProblems(inputs, environment.cwd)),
  ];
  const problems = distinct(found).filter(({ property }) => inputs.knows(property));
  const { secrets, ...rest } = (news['build'] ?? {}) as Properties;
  environment.handoff.put(urn, { secrets: secrets ?? null });

  const blind = problems.length > 0 || hasUnknown(news['build']) || hasUnknown(news['registry']);
  const fingerprint: Value =
    blind || !reference
      ? UNKNOWN
      : hidden(
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
  // A first update asks for access in its plan, and one that builds nothing need not ask.
  const isBuiltAgain = Object.keys(olds).length > 0 && rebuilds(olds, checked);
  const refused = isBuiltAgain ? await accessProblems(reference, inputs, environment) : [];
  return { inputs: checked, problems: distinct([...problems, ...refused]) };
}

/** The component makes a resource of another provider for these. */
function notOurBuilder({ declared: { builder = 'auto' } }: BuildDeclaration): readonly Problem[] {
  if (!builder.startsWith('pulumi-')) return [];
  const message = `${JSON.stringify(builder)} builds with a resource of its own provider; declare a SignedImage, or use that resource`;
  return [{ property: 'build.builder', code: 'INPUT_INVALID', message }];
}

/** The hash of a secret argument could be guessed from: it stays as secret as the argument. */
function hidden(parts: Readonly<Record<string, string>>, secretArgs: readonly string[]): Value {
  const isSecret = (name: string): boolean => secretArgs.some((arg) => name === `argument ${arg}`);
  return Object.fromEntries(
    Object.entries(parts).map(([name, value]) => [
      name,
      isSecret(name) ? new Secret(value) : value,
    ]),
  );
}

/** What is built follows from the fingerprint; another builder or cache makes the same image. */
async function diff(
  { urn, oldInputs, oldOutputs, news, log }: DiffRequest,
  environment: PluginEnvironment,
): Promise<DiffResult> {
  const changed = changedInputs(oldInputs, news).filter((name) => name !== 'build');
  const moved = changed.includes('image') && !hasUnknown(news['image']) && isMoved(oldInputs, news);
  const images = pushedBefore(oldOutputs).length;
  if (!moved) noteUse(urn, oldInputs, oldOutputs, environment);
  else if (readDeletion(new InputReader(oldInputs)) === 'all' && images > 0) {
    const from = formatRepository(repositoryOf(oldInputs));
    log.info(
      `the replacement removes from ${from} ${images} images that were pushed here (deletion: all)`,
    );
  }
  return {
    changed: changed.filter((name) => name !== 'fingerprint' || rebuilds(oldInputs, news)),
    // What was pushed to the old one is deleted with its own access, if it is to be deleted.
    replaces: moved ? ['image'] : [],
  };
}

function isMoved(olds: Properties, news: Properties): boolean {
  return formatRepository(repositoryOf(olds)) !== formatRepository(repositoryOf(news));
}

function repositoryOf(inputs: Properties): Repository {
  return parseReference(new InputReader(inputs).at('image').string() ?? '').repository;
}

function noteUse(
  urn: string,
  inputs: Properties,
  outputs: Properties,
  { uses }: PluginEnvironment,
): void {
  const digest = new InputReader(outputs).at('claimedDigest').string();
  uses.note(urn, formatRepository(repositoryOf(inputs)), digest === undefined ? [] : [digest]);
}

function rebuilds(olds: Properties, news: Properties): boolean {
  if (hasUnknown(news['fingerprint'])) return true;
  return changesBetween(fingerprintParts(olds), fingerprintParts(news)).length > 0;
}

async function create(
  request: CreateRequest,
  environment: PluginEnvironment,
): Promise<CreateResult> {
  const id = String(reveal(request.inputs['image'] ?? null));
  if (request.preview) {
    request.log.info(
      hasUnknown(request.inputs['image']) ? 'would build' : `would build, and push to ${id}`,
    );
  }
  return { id, outputs: await pushed(request, {}, environment) };
}

async function update(request: UpdateRequest, environment: PluginEnvironment): Promise<Properties> {
  const { inputs, oldInputs, oldOutputs, preview, log } = request;
  const moved = differsIn(oldInputs, inputs, ['image']);
  if (moved || rebuilds(oldInputs, inputs)) {
    if (!hasUnknown(inputs['fingerprint'])) {
      const why = changesBetween(fingerprintParts(oldInputs), fingerprintParts(inputs));
      log.info(
        `${preview ? 'would build' : 'builds'} again: ${why.join(', ') || 'the image reference changed'}`,
      );
    }
    return pushed(request, oldOutputs, environment);
  }
  if (!differsIn(oldInputs, inputs, ['source'])) return oldOutputs;
  return { ...oldOutputs, facts: await sourceFacts(inputs, environment) };
}

async function pushed(
  request: CreateRequest,
  before: Properties,
  environment: PluginEnvironment,
): Promise<Properties> {
  const outputs = await built(request, before, environment);
  if (!request.preview) noteUse(request.urn, request.inputs, outputs, environment);
  return outputs;
}

/** Gone only if the registry says so: then the next update builds it again. */
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
      `${repository.registry} has lost ${repository.path}@${claimed}; the next update builds it again`,
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    log.warn(
      `could not look for ${repository.path}@${claimed}, so nothing is concluded: ${error.message}`,
    );
    return { inputs, outputs };
  }
}
