import { type Digest, isDigest } from '../oci';
import { commitsOf } from '../report/image-facts';
import { listAt, objectAt, textAt } from '../report/json-access';
import {
  invalidState,
  parseJson,
  parseStackExport,
  type StackResource,
} from '../report/stack-export';

const VERIFIED_IMAGE = 'signed-image:index:VerifiedImage';
const IMAGE_SIGNATURE = 'signed-image:index:ImageSignature';

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

function imageOf({ name, inputs, outputs }: StackResource): readonly StackImage[] {
  const digest = textAt(outputs, 'digest');
  const imageRef = textAt(outputs, 'imageRef');
  // The verification has not succeeded, or no longer does.
  if (outputs['digest'] === undefined || outputs['imageRef'] === undefined) return [];
  if (digest === undefined || imageRef === undefined || !isDigest(digest)) {
    throw invalidState(`has no valid digest for the VerifiedImage ${name}`);
  }
  const report = parseJson(textAt(outputs, 'verification') ?? '');
  const manifests = listAt(report, 'manifests').map((each) => textAt(each, 'digest') ?? '');
  const [verified] = commitsOf(parseJson(textAt(outputs, 'verifiedProvenance') ?? ''));
  const expected = textAt(objectAt(inputs, 'provenance'), 'commit');
  const digests = [...new Set<Digest>([digest, ...manifests.filter(isDigest)])];
  return [{ name, imageRef, digests, commit: verified ?? expected }];
}

function logIndexesOf(signatures: readonly StackResource[]): StackState['logIndexes'] {
  const indexes = new Map<string, Set<string>>();
  for (const entry of signatures.flatMap(({ outputs }) => listAt(outputs, 'logEntries'))) {
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
  const { resources } = parseStackExport(text);
  const ofType = (type: string) => resources.filter((each) => each.type === type);
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
