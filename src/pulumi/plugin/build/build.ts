import {
  type BuildRequest,
  checkImageResult,
  type CommandBuilderName,
  ignoreConvention,
  networkOf,
  selectBuilder,
} from '../../../build';
import { SignedImageError } from '../../../error';
import { isDigest, parseReference } from '../../../oci';
import { fingerprintParts } from './build-fingerprint';
import type { CreateRequest } from '../protocol/crud-resource';
import { type BuildDeclaration, readBuild } from '../inputs/declared-build';
import { readRegistry } from '../inputs/declared-registry';
import { factsOutput, readSource } from '../inputs/declared-source';
import type { PluginEnvironment } from '../environment';
import { InputReader } from '../inputs/input-reader';
import { withProgress } from './build-progress';
import { previouslyPushed, addPushed } from './pushed-images';
import { declaredSource } from './source-detection';
import { hasUnknown, type Properties, toValue, UNKNOWN, type Value } from '../protocol/wire-value';

/** Builds and pushes. In a preview, returns the outputs that are known without a build. */
export async function buildImage(
  { urn, inputs, preview, log }: CreateRequest,
  before: Properties,
  environment: PluginEnvironment,
): Promise<Properties> {
  if (preview) {
    const bound = await sourceFacts(inputs, environment);
    return { claimedDigest: UNKNOWN, summary: UNKNOWN, pushed: UNKNOWN, facts: bound };
  }
  const reader = new InputReader(inputs);
  const build = readBuild(reader.at('build'), environment.cwd);
  const handoff = environment.handoff.take(urn);
  if (build.secretIds.length > 0 && !handoff) throw missingSecretsError();
  const secrets = new InputReader(handoff?.['secrets']).record();
  const request = buildRequest(reader, build, secrets);
  const builder = await selectBuilder(
    (build.declared.builder ?? 'auto') as 'auto' | CommandBuilderName,
    request,
    { env: environment.env },
  );
  // Before the push, so that afterwards only the check of the result can fail: a wrong image is not recorded
  // as built, and the next update builds again.
  const bound = await sourceFacts(inputs, environment);
  log.note(`building with ${builder.name} and pushing to ${reader.at('image').string()}`);
  const result = await withProgress(builder.name, log, (take) => builder.build(request, take));
  log.note(`${builder.name} reports that it pushed ${result.digest}`);
  const { digest, tag, imageIds } = result;
  await checkImageResult(
    environment
      .registryClient(request.reference.repository, readRegistry(reader.at('registry')))
      .task(),
    request.reference.repository,
    digest,
    {
      platforms: request.platforms,
      labels: request.labels,
      attestations: request.sbom ? 'required' : 'refused',
      imageIds,
    },
  );
  const outputs: Properties = {
    claimedDigest: digest,
    facts: bound,
    summary: summary(build, result, fingerprintParts(inputs)),
    pushed: toValue(
      addPushed(previouslyPushed(before), { digest, ...(tag !== undefined && { tag }) }),
    ),
  };
  return outputs;
}

/** Detects the current facts about the source. */
export async function sourceFacts(
  inputs: Properties,
  environment: PluginEnvironment,
): Promise<Value> {
  const reader = new InputReader(inputs);
  const build = readBuild(reader.at('build'), environment.cwd);
  const overrides = readSource(reader.at('source'));
  if (hasUnknown(inputs['source'])) return UNKNOWN;
  return toValue(factsOutput(await declaredSource(overrides, build, environment)));
}

function buildRequest(
  reader: InputReader,
  { declared, context, dockerfile, secretArgs, contexts, ssh }: BuildDeclaration,
  secrets: Readonly<Record<string, string>>,
): BuildRequest {
  const { username, password, caFile, clientCertificate, clientKey, insecure } = readRegistry(
    reader.at('registry'),
  );
  const args = declared.args ?? {};
  return {
    reference: parseReference(reader.at('image').string() ?? ''),
    context,
    dockerfile,
    ignoreFiles: ignoreConvention(declared),
    ...(declared.target !== undefined && { target: declared.target }),
    args,
    secrets,
    platforms: declared.platforms ?? [],
    labels: declared.labels ?? {},
    cacheFrom: declared.cacheFrom ?? [],
    cacheTo: declared.cacheTo ?? [],
    contexts,
    pull: declared.pull ?? false,
    noCache: declared.noCache ?? false,
    ...networkOf(declared.network),
    addHosts: declared.addHosts ?? {},
    ssh,
    sbom: declared.sbom ?? false,
    ...(declared.buildxBuilder !== undefined && { buildxBuilder: declared.buildxBuilder }),
    environment: declared.environment ?? [],
    sensitive: secretArgs.flatMap((name) => args[name] ?? []),
    registry: {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(caFile !== undefined && { caFile }),
      ...(clientCertificate !== undefined && { clientCertificate }),
      ...(clientKey !== undefined && { clientKey }),
      insecure: insecure ?? false,
    },
  };
}

function summary(
  { declared, relativePaths: paths, secretArgs, secretIds, ssh }: BuildDeclaration,
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
    context: paths.context,
    dockerfile: paths.dockerfile,
    dockerfileDigest: fingerprint['dockerfile'],
    contextDigest: fingerprint['context'],
    target: declared.target,
    args: Object.fromEntries(args),
    secretArgs,
    secretIds,
    platforms: declared.platforms,
    labels: declared.labels,
    contexts: paths.contexts,
    contextDigests: contextDigests(fingerprint),
    ...(declared.pull && { pull: true }),
    ...(declared.noCache && { noCache: true }),
    ...networkOf(declared.network),
    addHosts: declared.addHosts,
    ...(ssh.length > 0 && { sshIds: ssh.map(({ id }) => id) }),
    ...(declared.sbom && { sbom: true }),
    startedOn: result.startedOn,
    finishedOn: result.finishedOn,
  });
}

/** The content hashes of the named contexts that are folders. */
function contextDigests(
  fingerprint: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fingerprint).flatMap(([part, content]) =>
      part.startsWith('context ') && isDigest(content)
        ? [[part.slice('context '.length), content]]
        : [],
    ),
  );
}

function missingSecretsError(): SignedImageError {
  return new SignedImageError({
    code: 'INTERNAL',
    property: 'build.secrets',
    message: 'the values of the build secrets were not passed on by `check`; run the update again',
  });
}
