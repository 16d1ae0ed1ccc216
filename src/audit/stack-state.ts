import { SignedImageError } from '../error';
import { type Digest, isDigest, isJsonObject, type JsonObject } from '../oci';
import { parseBoundedJson } from '../http/json-bounds';

const VERIFIED_IMAGE = 'signed-image:index:VerifiedImage';
const IMAGE_SIGNATURE = 'signed-image:index:ImageSignature';

/** A stack of ten thousand resources has some hundred values for each. */
const MAX_STATE_VALUES = 10_000_000;

/** An image that a stack has verified. */
export interface StackImage {
  /** Name of the resource in the program. */
  readonly name: string;
  /** `host/repo@sha256:...` */
  readonly imageRef: string;
  /** Digests of the image, and of each platform manifest that was verified with it. */
  readonly digests: readonly Digest[];
  /** Commit in its verified provenance, otherwise the required commit. */
  readonly commit: string | undefined;
}

/** The images in the state of a stack. */
export interface StackState {
  readonly images: readonly StackImage[];
  /** Log indexes of the transparency log entries of its signatures, by signed manifest. */
  readonly logIndexes: ReadonlyMap<string, ReadonlySet<string>>;
}

function invalidState(why: string): SignedImageError {
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
  // The verification has not succeeded, or no longer does.
  if (outputs['digest'] === undefined || outputs['imageRef'] === undefined) return [];
  if (digest === undefined || imageRef === undefined || !isDigest(digest)) {
    throw invalidState(`has no valid digest for the VerifiedImage ${name}`);
  }
  const report = parsed(textAt(outputs, 'verification') ?? '');
  const manifests = listAt(report, 'manifests').map((each) => textAt(each, 'digest') ?? '');
  const [verified] = commitsOf(parsed(textAt(outputs, 'verifiedProvenance') ?? ''));
  const expected = textAt(objectAt(objectAt(resource, 'inputs'), 'provenance'), 'commit');
  const digests = [...new Set<Digest>([digest, ...manifests.filter(isDigest)])];
  return [{ name, imageRef, digests, commit: verified ?? expected }];
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
 * Parses the output of `pulumi stack export`, without resources that are pending deletion.
 *
 * @throws SignedImageError `INPUT_INVALID` on `stackState`, also if the stack has not verified any
 *   image, because then nothing can be compared
 */
export function parseStackState(text: string): StackState {
  const deployment = objectAt(parsed(text), 'deployment');
  if (!Array.isArray(deployment['resources'])) throw invalidState('is not a stack export');
  const resources = deployment['resources'].filter(
    (each): each is JsonObject => isJsonObject(each) && each['delete'] !== true,
  );
  const ofType = (type: string) => resources.filter((each) => each['type'] === type);
  const images = ofType(VERIFIED_IMAGE).flatMap(imageOf);
  if (images.length === 0) throw invalidState('has no VerifiedImage with a digest');
  return { images, logIndexes: logIndexesOf(ofType(IMAGE_SIGNATURE)) };
}

/** Returns the image of the stack with this digest, its own or that of a platform manifest. */
export function stackImageOf(
  state: StackState | undefined,
  digest: Digest,
): StackImage | undefined {
  return state?.images.find(({ digests }) => digests.includes(digest));
}
