import { distinct, type Problem, problemsOf, SignedImageError } from '../../../error';
import type * as exportModule from '../../../export';
import { type Digest, parseDigest, parseReference, type RegistryClient } from '../../../oci';
import { parseBoundedJson } from '../../../http/json-bounds';
import { inspectImage, type VerificationReport, verifyImage } from '../../../verify';
import { token } from '../../package';
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
import { readReference, resolveOnce } from '../inputs/declared-image';
import { loadPolicy, policyProblems } from '../inputs/declared-policy';
import { readSigstore } from '../inputs/declared-signing';
import { readRegistry } from '../inputs/declared-registry';
import { type DriftCheck, refreshDrift } from './drift';
import type { PluginEnvironment } from '../environment';
import {
  changedInputs,
  hasSecret,
  hasUnknown,
  type Properties,
  reveal,
  Secret,
  toValue,
  UNKNOWN,
  type Value,
} from '../protocol/wire-value';
import { InputReader } from '../inputs/input-reader';

/** Provides a digest only if the content of the registry meets the policy. */
export function createVerifiedImage(environment: PluginEnvironment): CrudResource {
  return {
    type: token('VerifiedImage'),
    check: (request) => check(request, environment),
    diff: (request) => diff(request, environment),
    create: (request) => create(request, environment),
    update: (request) => update(request, environment),
    read: (request) => read(request, environment),
    // The resource only reads.
    delete: async () => undefined,
  };
}

async function check(
  { olds, news, log }: CheckRequest,
  environment: PluginEnvironment,
): Promise<CheckResult> {
  const inputs = new InputReader(news);
  const reference = readReference(inputs.at('image'));
  const access = readRegistry(inputs.at('registry'));
  const policy = await policyProblems(inputs, environment.host);
  if (inputs.at('exportProof').boolean() === true && inputs.at('require').list().length > 0) {
    inputs
      .at('exportProof')
      .addProblem(
        'cannot be combined with `require`: a proof has signatures and provenance of `keys` and `identities` only',
      );
  }
  const cannotResolve = !reference || hasUnknown(news['registry']);
  let digest = cannotResolve ? UNKNOWN : (reference.digest ?? UNKNOWN);
  let resolveErrors: readonly Problem[] = [];
  if (!cannotResolve && !reference.digest) {
    resolveErrors = await problemsOf('image', async () => {
      const client = environment.registryClient(reference.repository, access);
      digest = await resolveOnce(reference, olds, client, log);
    });
  }
  return {
    inputs: { ...news, digest },
    problems: distinct([...inputs.problems, ...policy, ...resolveErrors]).filter(({ property }) =>
      inputs.isKnown(property),
    ),
  };
}

async function diff(
  { oldInputs, oldOutputs, news, id, urn, log }: DiffRequest,
  environment: PluginEnvironment,
): Promise<DiffResult> {
  // Without members, it requires any provenance.
  const changed = changedInputs(oldInputs, news, ['provenance']);
  const moved = hasUnknown(news['image'])
    ? environment.moves.isMoved(urn, id)
    : repositoryOf(news) !== id;
  const always = news['always'] === true && changed.length === 0;
  if (!moved) recordUse(urn, oldInputs, oldOutputs, environment);
  const state = { urn, id, inputs: oldInputs, outputs: oldOutputs, log };
  const current = always ? await recheckDigest(state, environment) : oldOutputs;
  const drift = new InputReader(current).at('drift').list().length > 0;
  return { changed: drift ? [...changed, 'drift'] : changed, replaces: moved ? ['image'] : [] };
}

function repositoryOf(inputs: Properties): string {
  const { repository } = parseReference(String(reveal(inputs['image'] ?? null)));
  return `${repository.registry}/${repository.path}`;
}

async function create(
  request: CreateRequest,
  environment: PluginEnvironment,
): Promise<CreateResult> {
  const { urn, inputs, preview } = request;
  // In a preview the image may not be signed yet: it is verified only if all inputs are known.
  if (hasUnknown(inputs)) return { id: '', outputs: pending(inputs) };
  if (preview) return { id: '', outputs: await preverified(request, {}, environment) };
  return { id: repositoryOf(inputs), outputs: await verified(urn, inputs, environment) };
}

async function update(request: UpdateRequest, environment: PluginEnvironment): Promise<Properties> {
  const { urn, inputs, oldOutputs, preview } = request;
  if (hasUnknown(inputs)) return pendingOutputs(inputs, oldOutputs);
  return preview
    ? preverified(request, oldOutputs, environment)
    : verified(urn, inputs, environment, oldOutputs);
}

/**
 * Verifies in a preview. What another resource of the same program would sign need not be valid yet, for example by a
 * new key: the update verifies it.
 */
async function preverified(
  { urn, inputs, log }: CreateRequest,
  oldOutputs: Properties,
  environment: PluginEnvironment,
): Promise<Properties> {
  try {
    return await verified(urn, inputs, environment, oldOutputs);
  } catch (error) {
    const isUnmet = error instanceof SignedImageError && error.code.startsWith('VERIFY_');
    const digest = new InputReader(inputs).at('digest').string() ?? '';
    if (!isUnmet || environment.planned.userOf(repositoryOf(inputs), digest) === undefined) {
      throw error;
    }
    log.note('would verify the image when it is signed');
    return pendingOutputs(inputs, oldOutputs);
  }
}

function pendingOutputs(inputs: Properties, oldOutputs: Properties): Properties {
  // A new signature does not change the image: its digest stays if it verifies; otherwise the update fails.
  const { digest, imageRef } = oldOutputs;
  const same = inputs['digest'] === digest && digest !== undefined && imageRef !== undefined;
  return same ? { ...pending(inputs), digest, imageRef } : pending(inputs);
}

const pending = ({ exportProof = null }: Properties): Properties => ({
  digest: UNKNOWN,
  imageRef: UNKNOWN,
  signer: UNKNOWN,
  signedAnnotations: UNKNOWN,
  verifiedProvenance: UNKNOWN,
  verification: UNKNOWN,
  proof: exportProof === true || exportProof === UNKNOWN ? UNKNOWN : null,
});

async function verified(
  urn: string,
  inputs: Properties,
  environment: PluginEnvironment,
  oldOutputs: Properties = {},
): Promise<Properties> {
  const outputs =
    inputs['exportProof'] === true
      ? await provenOutputs(inputs, environment, oldOutputs)
      : outputsOf((await readAndVerify(inputs, environment, verifyImage)).report, null);
  recordUse(urn, inputs, outputs, environment);
  return outputs;
}

/** Verifies, and exports exactly what was verified. */
async function provenOutputs(
  inputs: Properties,
  environment: PluginEnvironment,
  oldOutputs: Properties,
): Promise<Properties> {
  // Loaded only if a program uses it (docs/explanation/adr/0009).
  const { proofArchive } = require('../../../export') as typeof exportModule;
  const reader = new InputReader(inputs);
  const { host } = environment;
  const { report, archive } = await proofArchive({
    reference: parseReference(reader.at('image').string() ?? ''),
    digest: parseDigest(reader.at('digest').string() ?? ''),
    policy: await loadPolicy(reader, host),
    sigstore: readSigstore(reader.at('sigstore')),
    client: clientOf(inputs, environment),
    host,
    former: new InputReader(oldOutputs).at('proof').string(),
  });
  // The archive has the declared trusted root.
  return outputsOf(report, hasSecret(inputs['sigstore']) ? new Secret(archive) : archive);
}

/** Protects the verified content from deletion by another resource. */
function recordUse(
  urn: string,
  inputs: Properties,
  outputs: Properties,
  { uses }: PluginEnvironment,
): void {
  const { manifests = [], requirements = [] } = verificationIn(outputs);
  const digests = manifests.flatMap(({ digest, parts, attestationManifests = [] }) => [
    digest,
    ...attestationManifests,
    ...parts.flatMap(({ stored }) => stored ?? []),
  ]);
  const evidence = requirements.flatMap((each) => each.evidence.map(({ stored }) => stored));
  uses.record(urn, repositoryOf(inputs), [...digests, ...evidence]);
}

async function readAndVerify(
  inputs: Properties,
  environment: PluginEnvironment,
  inspect: typeof verifyImage,
  client = clientOf(inputs, environment),
): Promise<DriftCheck> {
  const reader = new InputReader(inputs);
  const { repository } = parseReference(reader.at('image').string() ?? '');
  const digest: Digest = parseDigest(reader.at('digest').string() ?? '');
  const policy = await loadPolicy(reader, environment.host);
  return { policy, report: await inspect(repository, digest, policy, client) };
}

function clientOf(inputs: Properties, environment: PluginEnvironment): RegistryClient {
  const reader = new InputReader(inputs);
  const { repository } = parseReference(reader.at('image').string() ?? '');
  return environment.registryClient(repository, readRegistry(reader.at('registry')));
}

/**
 * Verifies the signatures of the manifests in the state again; the manifests are identified by their
 * digests. A referrers list that the signature has just read need not be read again.
 */
async function recheckDigest(
  { inputs, outputs, log }: ReadRequest,
  environment: PluginEnvironment,
): Promise<Properties> {
  const { manifests } = verificationIn(outputs);
  const inspectKnown: typeof inspectImage = (repository, digest, policy, client) =>
    inspectImage(repository, digest, policy, client, manifests);
  return refreshDrift(outputs, log, 'verifies again', () => {
    const client = environment.readCache.cachedClient(clientOf(inputs, environment));
    return readAndVerify(inputs, environment, manifests ? inspectKnown : inspectImage, client);
  });
}

function verificationIn(outputs: Properties): Partial<VerificationReport> {
  return parseBoundedJson(
    new InputReader(outputs).at('verification').string() ?? '{}',
  ) as Partial<VerificationReport>;
}

function outputsOf(report: VerificationReport, proof: Value): Properties {
  const { digest, imageRef, signer, annotations, provenance, manifests, requirements } = report;
  return toValue({
    digest,
    imageRef,
    signer,
    signedAnnotations: annotations,
    // Not absent: the SDK would take it for unknown in a preview.
    verifiedProvenance: provenance === undefined ? null : JSON.stringify(provenance),
    verification: JSON.stringify({ verified: report.verified, digest, manifests, requirements }),
    proof,
    drift: [],
  }) as Properties;
}

async function read(
  { inputs, outputs, log }: ReadRequest,
  environment: PluginEnvironment,
): Promise<ReadResult> {
  const refreshed = await refreshDrift(outputs, log, 'verifies again', () =>
    readAndVerify(
      inputs,
      environment,
      inspectImage,
      clientOf(inputs, environment).task({ bypassCache: true }),
    ),
  );
  return { inputs, outputs: refreshed };
}
