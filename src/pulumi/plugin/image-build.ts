import {
  type BuildRequest,
  changesBetween,
  type CommandBuilderName,
  selectBuilder,
} from '../../build';
import { SignedImageError } from '../../error';
import { parseDigest, parseReference } from '../../oci';
import { distinct } from '../../problem-collection';
import { detectSource } from '../../source';
import { token } from '../package';
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
} from './crud-resource';
import { type BuildDeclaration, buildProblems, readBuild } from './declared-build';
import { readReference } from './declared-image';
import { readRegistry } from './declared-registry';
import { factsOutput, readSource } from './declared-source';
import type { PluginEnvironment } from './environment';
import { changedInputs, differsIn } from './input-difference';
import { InputReader } from './input-reader';
import {
  hasUnknown,
  type Properties,
  reveal,
  Secret,
  toValue,
  UNKNOWN,
  type Value,
} from './wire-value';

/** Builds with a command-line builder and pushes; what it says of the digest is a claim. */
export function createImageBuild(environment: PluginEnvironment): CrudResource {
  return {
    type: token('ImageBuild'),
    check: (request) => check(request, environment),
    diff,
    create: (request) => create(request, environment),
    update: (request) => update(request, environment),
    read: (request) => read(request, environment),
    // The image stays: pods may run it, and another stack may have the same digest.
    delete: async () => undefined,
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
  const found = [...inputs.problems, ...(await buildProblems(inputs, environment.cwd))];
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
  return {
    inputs: {
      ...news,
      build: { ...rest, ...(build.secretIds.length > 0 && { secretIds: build.secretIds }) },
      fingerprint,
    },
    problems,
  };
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
async function diff({ oldInputs, news }: DiffRequest): Promise<DiffResult> {
  const changed = changedInputs(oldInputs, news).filter((name) => name !== 'build');
  return {
    changed: changed.filter((name) => name !== 'fingerprint' || rebuilds(oldInputs, news)),
    replaces: [],
  };
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
  return { id, outputs: await built(request, environment) };
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
    return built(request, environment);
  }
  if (!differsIn(oldInputs, inputs, ['source'])) return oldOutputs;
  return { ...oldOutputs, facts: await facts(inputs, environment) };
}

async function facts(inputs: Properties, { env, cwd }: PluginEnvironment): Promise<Value> {
  const reader = new InputReader(inputs);
  const { context } = readBuild(reader.at('build'), cwd);
  const overrides = readSource(reader.at('source'));
  if (hasUnknown(inputs['source'])) return UNKNOWN;
  return toValue(factsOutput(await detectSource({ cwd: context, env, overrides })));
}

async function built(
  { urn, inputs, preview, log }: CreateRequest,
  environment: PluginEnvironment,
): Promise<Properties> {
  if (preview) {
    return { claimedDigest: UNKNOWN, summary: UNKNOWN, facts: await facts(inputs, environment) };
  }
  const reader = new InputReader(inputs);
  const build = readBuild(reader.at('build'), environment.cwd);
  const handed = environment.handoff.take(urn);
  if (build.secretIds.length > 0 && !handed) throw lostSecrets();
  const secrets = new InputReader(handed?.['secrets']).record();
  const request = buildRequest(reader, build, secrets);
  const builder = await selectBuilder(
    (build.declared.builder ?? 'auto') as 'auto' | CommandBuilderName,
    request,
    { env: environment.env },
  );
  // Before the push, so that nothing that can fail stands between it and the state.
  const bound = await facts(inputs, environment);
  log.info(`builds with ${builder.name} and pushes to ${reader.at('image').string()}`);
  const result = await builder.build(request, (line) => log.status(line));
  log.info(`${builder.name} says that it pushed ${result.digest}`);
  const fingerprint = fingerprintParts(inputs);
  return {
    claimedDigest: result.digest,
    facts: bound,
    summary: summary(build, result, fingerprint),
  };
}

function buildRequest(
  reader: InputReader,
  { declared, context, dockerfile, secretArgs }: BuildDeclaration,
  secrets: Readonly<Record<string, string>>,
): BuildRequest {
  const { username, password, caFile, insecure } = readRegistry(reader.at('registry'));
  const args = declared.args ?? {};
  return {
    reference: parseReference(reader.at('image').string() ?? ''),
    context,
    dockerfile,
    ...(declared.target !== undefined && { target: declared.target }),
    args,
    secrets,
    platforms: declared.platforms ?? [],
    labels: declared.labels ?? {},
    cacheFrom: declared.cacheFrom ?? [],
    cacheTo: declared.cacheTo ?? [],
    ...(declared.buildxBuilder !== undefined && { buildxBuilder: declared.buildxBuilder }),
    sensitive: secretArgs.flatMap((name) => args[name] ?? []),
    registry: {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(caFile !== undefined && { caFile }),
      insecure: insecure ?? false,
    },
  };
}

function summary(
  { declared, told, secretArgs, secretIds }: BuildDeclaration,
  result: {
    readonly builder: string;
    readonly tag?: string;
    readonly startedOn: string;
    readonly finishedOn: string;
  },
  fingerprint: Readonly<Record<string, string>>,
): Value {
  const args = Object.entries(declared.args ?? {}).filter(([name]) => !secretArgs.includes(name));
  return toValue({
    builder: declared.builder ?? 'auto',
    usedBuilder: result.builder,
    buildxBuilder: declared.buildxBuilder,
    tag: result.tag,
    context: told.context,
    dockerfile: told.dockerfile,
    dockerfileDigest: fingerprint['dockerfile'],
    contextDigest: fingerprint['context'],
    target: declared.target,
    args: Object.fromEntries(args),
    secretArgs,
    secretIds,
    platforms: declared.platforms,
    labels: declared.labels,
    startedOn: result.startedOn,
    finishedOn: result.finishedOn,
  });
}

function lostSecrets(): SignedImageError {
  return new SignedImageError({
    code: 'INTERNAL',
    property: 'build.secrets',
    message: 'the values of the build secrets were not handed on by `check`; run the update again',
  });
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
