import { SignedImageError } from '../error';
import { type Digest, isDigest, isJsonObject, type JsonObject } from '../oci';
import { parseBoundedJson } from '../http/json-bounds';

const VERIFIED_IMAGE = 'signed-image:index:VerifiedImage';
const IMAGE_SIGNATURE = 'signed-image:index:ImageSignature';

/** A stack of ten thousand resources has some hundred values for each. */
const MAX_STATE_VALUES = 10_000_000;

/** An image that a stack has verified. */
export interface StackImage {
  /** Of the resource, as the program names it. */
  readonly name: string;
  /** `host/repo@sha256:...` */
  readonly imageRef: string;
  /** Of the image, and of each platform manifest that was verified with it. */
  readonly digests: readonly Digest[];
  /** What its verified provenance says, or what was asked of it. */
  readonly commit: string | undefined;
}

/** What a stack knows of its images. */
export interface StackState {
  readonly images: readonly StackImage[];
  /** Indexes of the entries of the transparency log that its signatures got, by signed manifest. */
  readonly logIndexes: ReadonlyMap<string, ReadonlySet<string>>;
}

function unusable(why: string): SignedImageError {
  return new SignedImageError({
    code: 'INPUT_INVALID',
    property: 'stackState',
    message: `the state of the stack ${why}; give the output of \`pulumi stack export\``,
  });
}

function parsed(text: string): unknown {
  try {
    return parseBoundedJson(text, MAX_STATE_VALUES);
  } catch {
    return undefined;
  }
}

function objectAt(value: unknown, member: string): JsonObject {
  const found = isJsonObject(value) ? value[member] : undefined;
  return isJsonObject(found) ? found : {};
}

function listAt(value: unknown, member: string): readonly unknown[] {
  const found = isJsonObject(value) ? value[member] : undefined;
  return Array.isArray(found) ? found : [];
}

function textAt(value: unknown, member: string): string | undefined {
  const found = isJsonObject(value) ? value[member] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** `resolvedDependencies[].digest.gitCommit` of a SLSA predicate. */
export function commitsOf(predicate: unknown): readonly string[] {
  return listAt(objectAt(predicate, 'buildDefinition'), 'resolvedDependencies').flatMap((each) => {
    const commit = textAt(objectAt(each, 'digest'), 'gitCommit');
    return commit === undefined ? [] : [commit];
  });
}

function imageOf(resource: JsonObject): readonly StackImage[] {
  const outputs = objectAt(resource, 'outputs');
  const name = textAt(resource, 'urn')?.split('::').at(-1) ?? '';
  const digest = textAt(outputs, 'digest');
  const imageRef = textAt(outputs, 'imageRef');
  // One whose verification has not come through, or was found to hold no longer.
  if (outputs['digest'] === undefined || outputs['imageRef'] === undefined) return [];
  if (digest === undefined || imageRef === undefined || !isDigest(digest)) {
    throw unusable(`has no readable digest of the VerifiedImage ${name}`);
  }
  const report = parsed(textAt(outputs, 'verification') ?? '');
  const manifests = listAt(report, 'manifests').map((each) => textAt(each, 'digest') ?? '');
  const [verified] = commitsOf(parsed(textAt(outputs, 'verifiedProvenance') ?? ''));
  const asked = textAt(objectAt(objectAt(resource, 'inputs'), 'provenance'), 'commit');
  const digests = [...new Set<Digest>([digest, ...manifests.filter(isDigest)])];
  return [{ name, imageRef, digests, commit: verified ?? asked }];
}

function logIndexesOf(signatures: readonly JsonObject[]): StackState['logIndexes'] {
  const indexes = new Map<string, Set<string>>();
  for (const entry of signatures.flatMap((each) =>
    listAt(objectAt(each, 'outputs'), 'logEntries'),
  )) {
    const subject = textAt(entry, 'subject');
    const logIndex = textAt(entry, 'logIndex');
    if (subject === undefined || logIndex === undefined) continue;
    indexes.set(subject, (indexes.get(subject) ?? new Set()).add(logIndex));
  }
  return indexes;
}

/**
 * Reads the output of `pulumi stack export`. Resources that are only waiting to be deleted are not
 * the stack's any more.
 *
 * @throws SignedImageError `INPUT_INVALID` on `stackState`, also where the stack has verified no
 *   image: then nothing could be told from it
 */
export function parseStackState(text: string): StackState {
  const deployment = objectAt(parsed(text), 'deployment');
  if (!Array.isArray(deployment['resources'])) throw unusable('cannot be read');
  const resources = deployment['resources'].filter(
    (each): each is JsonObject => isJsonObject(each) && each['delete'] !== true,
  );
  const ofType = (type: string) => resources.filter((each) => each['type'] === type);
  const images = ofType(VERIFIED_IMAGE).flatMap(imageOf);
  if (images.length === 0) throw unusable('has no VerifiedImage with a digest');
  return { images, logIndexes: logIndexesOf(ofType(IMAGE_SIGNATURE)) };
}

/** The image of the stack that has this digest: its own, or that of one of its platforms. */
export function stackImageOf(
  state: StackState | undefined,
  digest: Digest,
): StackImage | undefined {
  return state?.images.find(({ digests }) => digests.includes(digest));
}
