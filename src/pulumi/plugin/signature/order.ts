import { SignedImageError } from '../../../error';
import { type Digest, type RegistryClient, type Repository, parseReference } from '../../../oci';
import type { PluginEnvironment } from '../environment';
import {
  type DeclaredProvenance,
  provenanceOf,
  readProvenance,
} from '../inputs/declared-provenance';
import { readRegistry } from '../inputs/declared-registry';
import {
  type ServedSigning,
  readSigning,
  servedSigning,
  transparencyOf,
} from '../inputs/declared-signing';
import { trustedRootFor } from '../inputs/declared-trusted-keys';
import { InputReader } from '../inputs/input-reader';
import type { CreateRequest } from '../protocol/crud-resource';
import type { ResourceLog } from '../protocol/engine-log';
import type { Properties } from '../protocol/wire-value';
import { type Before, boundFacts } from './facts';
import type { BuildSummaryOutput, SignerOutput } from '../../resources/signature-outputs';
import {
  type SignerDescription,
  type SigningMaterial,
  type SigningTarget,
  createSigningMaterial,
} from '../../../sign';
import { type SourceFacts, signedAnnotations } from '../../../source';
import { type ReusePolicy, manifestsToSign } from '../../../verify';

/** Everything that one signature is made of, read from the inputs. */
export interface SignatureRequest {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly signing: ServedSigning;
  readonly client: RegistryClient;
  readonly annotations: Readonly<Record<string, string>>;
  readonly facts: SourceFacts;
  readonly provenance: DeclaredProvenance;
  readonly build: BuildSummaryOutput | undefined;
}

export async function orderFrom(
  { urn, inputs }: CreateRequest,
  before: Before,
  environment: PluginEnvironment,
): Promise<SignatureRequest> {
  const key = environment.handoff.take(urn)?.['key'];
  const reader = new InputReader(key === undefined ? inputs : { ...inputs, key });
  const { repository, digest } = parseReference(reader.at('image').string() ?? '');
  if (!digest) throw new SignedImageError({ code: 'INTERNAL', message: '`check` let a tag pass' });
  const facts = await boundFacts(inputs, before, environment);
  return {
    repository,
    digest,
    signing: await servedSigning(readSigning(reader), environment.host),
    client: environment.registryClient(repository, readRegistry(reader.at('registry'))),
    facts,
    annotations: signedAnnotations(facts, reader.at('annotations').record()),
    provenance: readProvenance(reader.at('provenance')),
    build: reader.at('build').json() as BuildSummaryOutput | undefined,
  };
}

/** The image and its platform manifests, as the registry has them, with what to sign on each. */
export async function targetsOf(order: SignatureRequest): Promise<readonly SigningTarget[]> {
  const { repository, digest, client, annotations, provenance, facts, build } = order;
  const manifests = await manifestsToSign(repository, digest, client);
  const source = { repository, declared: provenance, facts, build };
  return manifests.map(({ descriptor }) => ({
    manifest: descriptor,
    annotations,
    provenance: provenanceOf(descriptor.digest, source),
  }));
}

/** What an update has and a preview has not: somebody who reads its log, and may be asked to sign in. */
export function withInteractiveLogin(
  environment: PluginEnvironment,
  { info: announce }: ResourceLog,
): PluginEnvironment {
  return { ...environment, host: { ...environment.host, interactiveLogin: { announce } } };
}

export async function materialFor(
  { signing: { config } }: SignatureRequest,
  { host, serviceCall: call }: PluginEnvironment,
  { warn }: ResourceLog,
): Promise<SigningMaterial> {
  return createSigningMaterial(config, host, { warn, ...(call && { call }) });
}

/** Beside being valid and by this signer, a signature has what the transparency asks for. */
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

/** Why all is signed again, where another signer did it before; `undefined`: the same one did. */
export function formerSigner(outputs: Properties, signer: SignerDescription): string | undefined {
  const former = new InputReader(outputs['signer']).json() as SignerOutput | undefined;
  if (!former || nameOf(former) === nameOf(signer)) return undefined;
  return `signed so far by ${nameOf(former)}; from now on ${nameOf(signer)} signs`;
}

function nameOf({ keyId, identity }: { readonly keyId?: string; readonly identity?: string }) {
  return keyId === undefined ? (identity ?? 'an identity') : `key sha256:${keyId.slice(0, 12)}`;
}
