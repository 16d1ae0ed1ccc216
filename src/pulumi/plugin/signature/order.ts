import type { GithubJob } from '../../../attest';
import { SignedImageError } from '../../../error';
import { type Digest, type RegistryClient, type Repository, parseReference } from '../../../oci';
import type { PluginEnvironment } from '../environment';
import {
  type DeclaredProvenance,
  provenanceOf,
  readProvenance,
} from '../inputs/declared-provenance';
import { readRegistry } from '../inputs/declared-registry';
import { type SigningWithServices, readSigning, withServices } from '../inputs/declared-signing';
import { transparencyOf, trustedRootFor } from '../../../core/policy-args';
import { InputReader } from '../inputs/input-reader';
import type { CreateRequest } from '../protocol/crud-resource';
import type { ResourceLog } from '../protocol/engine-log';
import type { Properties } from '../protocol/wire-value';
import { type PreviousState, boundFacts } from './facts';
import { signingJob } from './github-job';
import type { BuildSummaryOutput, SignerOutput } from '../../resources/signature-outputs';
import {
  type SignerDescription,
  type SigningMaterial,
  type SigningTarget,
  createSigningMaterial,
} from '../../../sign';
import { type SourceFacts, signedAnnotations } from '../../../source';
import { type ReusePolicy, manifestsToSign } from '../../../verify';

/** Everything that is needed for one signature, read from the inputs. */
export interface SignatureRequest {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly signing: SigningWithServices;
  readonly client: RegistryClient;
  readonly annotations: Readonly<Record<string, string>>;
  readonly facts: SourceFacts;
  readonly provenance: DeclaredProvenance;
  readonly build: BuildSummaryOutput | undefined;
  /** The job whose identity token signs, if it is one of GitHub Actions. */
  readonly githubJob: GithubJob | undefined;
}

export async function createSignatureRequest(
  { urn, inputs }: CreateRequest,
  before: PreviousState,
  environment: PluginEnvironment,
): Promise<SignatureRequest> {
  const key = environment.handoff.take(urn)?.['key'];
  const reader = new InputReader(key === undefined ? inputs : { ...inputs, key });
  const { repository, digest } = parseReference(reader.at('image').string() ?? '');
  if (!digest) throw new SignedImageError({ code: 'INTERNAL', message: '`check` accepted a tag' });
  const facts = await boundFacts(inputs, before, environment);
  const signing = await withServices(readSigning(reader), environment.host);
  return {
    repository,
    digest,
    signing,
    githubJob: await signingJob(signing.config.keyless, facts, environment),
    client: environment.registryClient(repository, readRegistry(reader.at('registry'))),
    facts,
    annotations: signedAnnotations(facts, reader.at('annotations').record()),
    provenance: readProvenance(reader.at('provenance')),
    build: reader.at('build').json() as BuildSummaryOutput | undefined,
  };
}

/** Reads the manifests of the image from the registry and returns them with what to sign for each. */
export async function signingTargets(request: SignatureRequest): Promise<readonly SigningTarget[]> {
  const { repository, digest, client, annotations, provenance, facts, build, githubJob } = request;
  const manifests = await manifestsToSign(repository, digest, client);
  const source = { repository, declared: provenance, facts, build, githubJob };
  return manifests.map(({ descriptor }) => ({
    manifest: descriptor,
    annotations,
    provenance: provenanceOf(descriptor.digest, source),
  }));
}

/** Allows an interactive login, which needs a person who reads the log: in updates, not in previews. */
export function withInteractiveLogin(
  environment: PluginEnvironment,
  { info: announce }: ResourceLog,
): PluginEnvironment {
  return { ...environment, host: { ...environment.host, interactiveLogin: { announce } } };
}

export async function createMaterial(
  { signing: { config } }: SignatureRequest,
  { host, serviceCall: call }: PluginEnvironment,
  { warn }: ResourceLog,
): Promise<SigningMaterial> {
  return createSigningMaterial(config, host, { warn, ...(call && { call }) });
}

/** Returns what a signature must have to be reused, besides being valid and by this signer. */
export async function reusePolicy(
  { signing: { config, services } }: SignatureRequest,
  { host }: PluginEnvironment,
): Promise<ReusePolicy> {
  const transparency = transparencyOf(services);
  return {
    transparency,
    trustedRoot: await trustedRootFor(
      transparency,
      config.keyless !== undefined,
      config.sigstore,
      host,
    ),
  };
}

/** Describes a change of the signer, which requires new signatures; `undefined` if it is the same. */
export function describeSignerChange(
  outputs: Properties,
  signer: SignerDescription,
): string | undefined {
  const former = new InputReader(outputs['signer']).json() as SignerOutput | undefined;
  if (!former || formatSigner(former) === formatSigner(signer)) return undefined;
  return `the signer changes from ${formatSigner(former)} to ${formatSigner(signer)}`;
}

function formatSigner({
  keyId,
  identity,
}: {
  readonly keyId?: string;
  readonly identity?: string;
}) {
  return keyId === undefined ? (identity ?? 'an identity') : `key sha256:${keyId.slice(0, 12)}`;
}
