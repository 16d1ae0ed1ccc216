import { type Digest, parseReference, type RegistryClient, type Repository } from '../../oci';
import { SignedImageError } from '../../error';
import {
  createSigningMaterial,
  signImage,
  type SignerDescription,
  type SigningMaterial,
  type SigningTarget,
  storedFormats,
  type StoredSignature,
} from '../../sign';
import { signedAnnotations, type SourceFacts } from '../../source';
import {
  createFreshCheck,
  createSignatureFinder,
  manifestsToSign,
  type ReusePolicy,
} from '../../verify';
import type { BuildSummaryOutput } from '../resources/signature-outputs';
import type { CreateRequest } from './crud-resource';
import { type DeclaredProvenance, provenanceOf, readProvenance } from './declared-provenance';
import { readRegistry } from './declared-registry';
import { type DeclaredSigning, readSigning, witnessedBy } from './declared-signing';
import { factsOutput } from './declared-source';
import type { PluginEnvironment } from './environment';
import { trustedRootFor } from './declared-trust';
import { InputReader } from './input-reader';
import { type Before, boundFacts } from './signature-facts';
import { hasUnknown, type Properties, toValue, UNKNOWN } from './wire-value';

/** Everything that one signature is made of, read from the inputs. */
interface SignatureOrder {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly signing: DeclaredSigning;
  readonly client: RegistryClient;
  readonly annotations: Readonly<Record<string, string>>;
  readonly facts: SourceFacts;
  readonly provenance: DeclaredProvenance;
  readonly build: BuildSummaryOutput | undefined;
}

async function orderFrom(
  { urn, inputs }: CreateRequest,
  before: Before,
  environment: PluginEnvironment,
): Promise<SignatureOrder> {
  const key = environment.handoff.take(urn)?.['key'];
  const reader = new InputReader(key === undefined ? inputs : { ...inputs, key });
  const { repository, digest } = parseReference(reader.at('image').string() ?? '');
  if (!digest) throw new SignedImageError({ code: 'INTERNAL', message: '`check` let a tag pass' });
  const facts = await boundFacts(inputs, before, environment);
  return {
    repository,
    digest,
    signing: readSigning(reader),
    client: environment.registryClient(repository, readRegistry(reader.at('registry'))),
    facts,
    annotations: signedAnnotations(facts, reader.at('annotations').record()),
    provenance: readProvenance(reader.at('provenance')),
    build: reader.at('build').json() as BuildSummaryOutput | undefined,
  };
}

/** The image and its platform manifests, as the registry has them, with what to sign on each. */
async function targetsOf(order: SignatureOrder): Promise<readonly SigningTarget[]> {
  const { repository, digest, client, annotations, provenance, facts, build } = order;
  const manifests = await manifestsToSign(repository, digest, client);
  const source = { repository, declared: provenance, facts, build };
  return manifests.map(({ descriptor }) => ({
    manifest: descriptor,
    annotations,
    provenance: provenanceOf(descriptor.digest, source),
  }));
}

/** Signs what is not signed yet, and tells what now stands in the registry. */
export async function signatureOutputs(
  request: CreateRequest,
  before: Before,
  environment: PluginEnvironment,
): Promise<Properties> {
  const { log } = request;
  const order = await orderFrom(request, before, environment);
  const targets = await targetsOf(order);
  const material = await materialFor(order, environment);
  const policy = await reusePolicy(order, environment);
  const { repository, signing, client } = order;
  let made = 0;
  const stored = await signImage(
    { repository, targets, format: signing.format, material },
    client,
    (line) => {
      if (!line.startsWith('reuse')) made += 1;
      log.status(line);
    },
    { alreadySigned: createSignatureFinder(policy), checkFresh: createFreshCheck(policy) },
  );
  log.info(summary(made, stored.length - made, material));
  return outputs(order, stored, material);
}

async function materialFor(
  { signing: { config, issuer } }: SignatureOrder,
  { host, serviceCall: call }: PluginEnvironment,
): Promise<SigningMaterial> {
  const material = await createSigningMaterial(config, host, call && { call });
  const { description } = material;
  if (issuer === undefined || description.kind === 'key' || description.issuer === issuer) {
    return material;
  }
  throw new SignedImageError({
    code: 'IDENTITY_TOKEN_INVALID',
    property: 'keyless.issuer',
    message: `the token is by ${description.issuer}, not by ${issuer}`,
  });
}

/** Beside being valid and by this signer, a signature has what the transparency asks for. */
async function reusePolicy(
  { signing: { config } }: SignatureOrder,
  { host }: PluginEnvironment,
): Promise<ReusePolicy> {
  const transparency = witnessedBy(config);
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

function summary(made: number, reused: number, { description }: SigningMaterial): string {
  const by =
    description.kind === 'key'
      ? `key sha256:${description.keyId.slice(0, 12)}`
      : description.identity;
  if (made === 0) return `signed already by ${by}: ${reused} found, nothing written`;
  return `signed by ${by}: ${made} made${reused > 0 ? `, ${reused} found` : ''}`;
}

function outputs(
  order: SignatureOrder,
  stored: readonly StoredSignature[],
  { description }: SigningMaterial,
): Properties {
  const { digest, signing, annotations, facts, repository, provenance, build } = order;
  const statement = provenanceOf(digest, { repository, declared: provenance, facts, build });
  const ofImage = stored.find(
    ({ subject, purpose }) => subject === digest && purpose === 'signature',
  );
  return toValue({
    signer: description,
    signedAnnotations: annotations,
    signatures: stored.map(({ subject, purpose, format, stored: where }) => ({
      subject,
      purpose,
      format,
      stored: where,
    })),
    bundles: stored.map(({ bundle }) => JSON.stringify(bundle)),
    certificate: ofImage?.certificate,
    logEntries: stored.flatMap(({ logEntries, subject, purpose }) =>
      logEntries.map((entry) => ({ ...entry, subject, purpose })),
    ),
    signedProvenance: statement && JSON.stringify(statement.predicate),
    witnessed: witnessedBy(signing.config),
    facts: factsOutput(facts),
    drift: [],
  }) as Properties;
}

/** What an update would do: it looks where it can, writes nothing, and says it in one line. */
export async function plannedSignature(
  request: CreateRequest,
  before: Before,
  environment: PluginEnvironment,
): Promise<Properties> {
  const { inputs, log } = request;
  const unknown: Properties = Object.fromEntries(COMPUTED.map((name) => [name, UNKNOWN]));
  if (hasUnknown(inputs)) {
    log.info('would sign the image when it is built');
    return unknown;
  }
  const order = await orderFrom(request, before, environment);
  const { signer, line } = await plan(order, environment);
  log.info(line);
  return {
    ...unknown,
    signer: toValue(signer),
    signedAnnotations: order.annotations,
    witnessed: witnessedBy(order.signing.config),
  };
}

/** Reads what is signed already; who will sign is known from the key or the token. */
async function plan(
  order: SignatureOrder,
  environment: PluginEnvironment,
): Promise<{ readonly signer: SignerDescription; readonly line: string }> {
  const { repository, client, signing } = order;
  const { description: signer } = await materialFor(order, environment);
  const find = createSignatureFinder(await reusePolicy(order, environment));
  const counts = { found: 0, wanted: 0 };
  for (const { manifest: subject, annotations, provenance } of await targetsOf(order)) {
    for (const format of storedFormats(signing.format)) {
      for (const purpose of ['signature', 'provenance'] as const) {
        if (purpose === 'provenance' && !provenance) continue;
        counts.wanted += 1;
        const wanted = { repository, subject, purpose, format, annotations, provenance, signer };
        if (await find(wanted, client)) counts.found += 1;
      }
    }
  }
  const { found, wanted } = counts;
  const line =
    found === wanted
      ? `would reuse ${found} signatures and write nothing`
      : `would sign ${wanted - found}${found > 0 ? ` and reuse ${found}` : ''}`;
  return { signer, line };
}

const COMPUTED = [
  'signer',
  'signedAnnotations',
  'signatures',
  'bundles',
  'certificate',
  'logEntries',
  'signedProvenance',
  'witnessed',
] as const;
