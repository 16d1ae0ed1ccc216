import {
  type Digest,
  type RegistryClient,
  type Repository,
  parseDigest,
  parseReference,
} from '../../../oci';
import type { PluginEnvironment } from '../environment';
import { readRegistry } from '../inputs/declared-registry';
import { readSigning } from '../inputs/declared-signing';
import { trustedRootFor } from '../../../core/policy-args';
import { trustOf } from '../inputs/declared-trusted-keys';
import { InputReader } from '../inputs/input-reader';
import type { ReadRequest, ReadResult } from '../protocol/crud-resource';
import type { Properties } from '../protocol/wire-value';
import { refreshDrift } from '../verification/drift';
import { expectationOf } from '../../provenance-expectation';
import type { SignerOutput, StoredSignatureOutput } from '../../resources/signature-outputs';
import { readLayers } from '../../../storage';
import {
  type KnownManifest,
  type Transparency,
  type VerificationPolicy,
  type VerificationReport,
  inspectImage,
} from '../../../verify';

/** Compares the registry with the signatures in the state. */
export async function readSignature(
  request: ReadRequest,
  environment: PluginEnvironment,
): Promise<NonNullable<ReadResult>> {
  const uncached = (location: StorageLocation): StorageLocation => ({
    ...location,
    client: location.client.task({ bypassCache: true }),
  });
  return {
    inputs: request.inputs,
    outputs: await compareWithRegistry(request, environment, uncached),
  };
}

/**
 * Does the same with as few requests as possible, for each update: it reads the referrers list of the
 * image and each manifest with a signature. Bytes in the state need not be fetched, as their digest
 * identifies them; the image itself is not read.
 */
export async function driftOfSignature(
  request: ReadRequest,
  environment: PluginEnvironment,
): Promise<readonly string[]> {
  const { outputs } = request;
  const outputsWithDrift = await compareWithRegistry(
    request,
    environment,
    ({ client, repository, digest }) => {
      const shared = environment.readCache.cachedClient(client);
      for (const bytes of bundlesInState(outputs)) environment.readCache.addBlob(repository, bytes);
      return { client: shared, repository, digest, known: knownManifests(digest, outputs) };
    },
  );
  return new InputReader(outputsWithDrift)
    .at('drift')
    .list()
    .map((line) => line.string() ?? '');
}

interface StorageLocation {
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly digest: Digest;
  readonly known?: readonly KnownManifest[];
}

async function compareWithRegistry(
  { inputs, outputs, log }: ReadRequest,
  environment: PluginEnvironment,
  select: (location: StorageLocation) => StorageLocation,
): Promise<Properties> {
  const declared = new InputReader(inputs);
  const { repository, digest } = parseReference(declared.at('image').string() ?? '');
  return refreshDrift(outputs, log, 'creates it again', async () => {
    if (!digest) throw new Error('the image reference in the state has no digest');
    const policy = await policyOf(declared, new InputReader(outputs), environment);
    const access = readRegistry(declared.at('registry'));
    const location = { client: environment.registryClient(repository, access), repository, digest };
    const { client, known } = select(location);
    const report = await inspectImage(repository, digest, policy, client, known);
    const replaced = await findReplaced(report, signaturesInState(outputs), repository, client);
    return { policy, report, replaced };
  });
}

function signaturesInState(outputs: Properties): readonly StoredSignatureOutput[] {
  return (new InputReader(outputs).at('signatures').json() ?? []) as StoredSignatureOutput[];
}

/** Returns the signed manifests, the image first. */
function knownManifests(digest: Digest, outputs: Properties): readonly KnownManifest[] {
  const subjects = signaturesInState(outputs).map(({ subject }) => parseDigest(subject));
  return [...new Set([digest, ...subjects])].map((each) => ({ digest: each }));
}

/** Returns the bundles in the state; those of the legacy format are stored in another form. */
function bundlesInState(outputs: Properties): readonly Buffer[] {
  const bundles = new InputReader(outputs).at('bundles').strings();
  return signaturesInState(outputs).flatMap(({ format }, index) => {
    const text = bundles[index];
    return format === 'bundle' && text !== undefined ? [Buffer.from(text, 'utf8')] : [];
  });
}

async function policyOf(
  declared: InputReader,
  signed: InputReader,
  { host }: PluginEnvironment,
): Promise<VerificationPolicy> {
  const { config, format } = readSigning(declared);
  const transparency = (signed.at('witnessed').string() ?? 'none') as Transparency;
  const trust = trustOf(signed.at('signer').json() as SignerOutput);
  const provenance = signed.at('signedProvenance').string();
  const keyless = trust.identities.length > 0;
  return {
    ...trust,
    annotations: signed.at('signedAnnotations').record(),
    format,
    transparency,
    provenance: provenance === undefined ? undefined : expectationOf(provenance),
    trustedRoot: await trustedRootFor(transparency, keyless, config.sigstore, host),
    platforms: true,
  };
}

/**
 * Returns the signatures in the state that the registry no longer has, although it has equivalent ones:
 * a run that was interrupted between two signatures leaves one that is not in the state.
 */
async function findReplaced(
  report: VerificationReport,
  signatures: readonly StoredSignatureOutput[],
  repository: Repository,
  client: RegistryClient,
): Promise<readonly StoredSignatureOutput[]> {
  const replaced: StoredSignatureOutput[] = [];
  for (const signature of signatures) {
    const stored = equivalentSignature(signature, report);
    if (stored === undefined || stored === signature.stored) continue;
    // Several may be valid, and the report has the first: only a signature that is gone was replaced.
    if (!(await exists(signature, repository, client))) replaced.push(signature);
  }
  return replaced;
}

function equivalentSignature(
  { subject, purpose, format }: StoredSignatureOutput,
  { manifests }: VerificationReport,
): string | undefined {
  const parts = manifests.find(({ digest }) => digest === subject)?.parts ?? [];
  return parts.find((part) => part.purpose === purpose && part.format === format)?.stored;
}

async function exists(
  { subject, purpose, format, stored }: StoredSignatureOutput,
  repository: Repository,
  client: RegistryClient,
): Promise<boolean> {
  const digest = parseDigest(stored);
  if (format === 'bundle') return (await client.getManifest(repository, digest)) !== undefined;
  const kind = purpose === 'provenance' ? 'provenance' : 'signature';
  const { candidates } = await readLayers(client, repository, parseDigest(subject), kind);
  return candidates.some((candidate) => candidate.stored === digest);
}
