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
import { trustOf, trustedRootFor } from '../inputs/declared-trusted-keys';
import { InputReader } from '../inputs/input-reader';
import type { ReadRequest, ReadResult } from '../protocol/crud-resource';
import type { Properties } from '../protocol/wire-value';
import { refreshed } from '../verification/drift';
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

/** Compares the registry with what the state says was signed. */
export async function readSignature(
  request: ReadRequest,
  environment: PluginEnvironment,
): Promise<NonNullable<ReadResult>> {
  const anew = (whole: StorageLocation): StorageLocation => ({
    ...whole,
    client: whole.client.task({ bypassCache: true }),
  });
  return { inputs: request.inputs, outputs: await compared(request, environment, anew) };
}

/**
 * The same with the fewest requests, for each update: the list of what refers to the image, and each
 * manifest that holds a signature. Bytes that the state has need not be read, as their digest tells;
 * the image itself is not looked at.
 */
export async function driftOfSignature(
  request: ReadRequest,
  environment: PluginEnvironment,
): Promise<readonly string[]> {
  const { outputs } = request;
  const seen = await compared(request, environment, ({ client, repository, digest }) => {
    const shared = environment.looks.through(client);
    for (const bytes of storedBytes(outputs)) environment.looks.know(repository, bytes);
    return { client: shared, repository, digest, known: knownManifests(digest, outputs) };
  });
  return new InputReader(seen)
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

async function compared(
  { inputs, outputs, log }: ReadRequest,
  environment: PluginEnvironment,
  from: (whole: StorageLocation) => StorageLocation,
): Promise<Properties> {
  const declared = new InputReader(inputs);
  const { repository, digest } = parseReference(declared.at('image').string() ?? '');
  return refreshed(outputs, log, 'makes it again', async () => {
    if (!digest) throw new Error('the state names an image without a digest');
    const policy = await policyOf(declared, new InputReader(outputs), environment);
    const access = readRegistry(declared.at('registry'));
    const place = { client: environment.registryClient(repository, access), repository, digest };
    const { client, known } = from(place);
    const report = await inspectImage(repository, digest, policy, client, known);
    const renamed = await renamedIn(report, keptSignatures(outputs), repository, client);
    return { policy, report, renamed };
  });
}

function keptSignatures(outputs: Properties): readonly StoredSignatureOutput[] {
  return (new InputReader(outputs).at('signatures').json() ?? []) as StoredSignatureOutput[];
}

/** What was signed: the image first, as a signature of it is among them. */
function knownManifests(digest: Digest, outputs: Properties): readonly KnownManifest[] {
  const subjects = keptSignatures(outputs).map(({ subject }) => parseDigest(subject));
  return [...new Set([digest, ...subjects])].map((each) => ({ digest: each }));
}

/** The bundles of the state; those of the legacy format are stored in another form. */
function storedBytes(outputs: Properties): readonly Buffer[] {
  const bundles = new InputReader(outputs).at('bundles').strings();
  return keptSignatures(outputs).flatMap(({ format }, index) => {
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
 * The signatures that the state names and that are gone, though others as good are in their place:
 * a run that was stopped between two signatures leaves one that the state does not know.
 */
async function renamedIn(
  report: VerificationReport,
  kept: readonly StoredSignatureOutput[],
  repository: Repository,
  client: RegistryClient,
): Promise<readonly StoredSignatureOutput[]> {
  const renamed: StoredSignatureOutput[] = [];
  for (const signature of kept) {
    const stored = renamedEquivalent(signature, report);
    if (stored === undefined || stored === signature.stored) continue;
    // Several may be good, and the report names the first: only what is gone is another one.
    if (!(await isThere(signature, repository, client))) renamed.push(signature);
  }
  return renamed;
}

function renamedEquivalent(
  { subject, purpose, format }: StoredSignatureOutput,
  { manifests }: VerificationReport,
): string | undefined {
  const parts = manifests.find(({ digest }) => digest === subject)?.parts ?? [];
  return parts.find((part) => part.purpose === purpose && part.format === format)?.stored;
}

async function isThere(
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
