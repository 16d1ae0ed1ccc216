import { isDigest } from '../oci/digest';
import { signerOf, toLogEntry } from './audit-export';
import { annotationsOf, buildOf, defined, manifestsOf, sourceOf } from './image-facts';
import { listAt, objectAt, textAt, textsAt } from './json-access';
import type {
  ImageStatus,
  ReportedImage,
  ReportedLogEntry,
  ReportedProblem,
  ReportedWorkload,
} from './model';
import { groupResources, type ImageResources, referenceOf } from './resource-group';
import { ruleOf } from './rule';
import { parseJson, type StackExport } from './stack-export';
import { workloadsByDigest } from './workloads';

/** Returns the status that follows from what is wrong. */
export function statusOf(problems: readonly ReportedProblem[]): ImageStatus {
  if (problems.some(({ kind }) => kind === 'problem')) return 'problem';
  return problems.length > 0 ? 'incomplete' : 'verified';
}

/** Returns the images of a stack. */
export function imagesOfStack(stack: StackExport): readonly ReportedImage[] {
  const workloads = workloadsByDigest(stack.resources);
  return groupResources(stack.resources).map((group) => imageOf(group, workloads));
}

/** Returns the image of one group of resources. */
export function imageOf(
  resources: ImageResources,
  workloads: ReadonlyMap<string, readonly ReportedWorkload[]> = new Map(),
): ReportedImage {
  const { name, component, verified, signature, build } = resources;
  const reference = [verified, signature, build].flatMap(
    (each) => (each && referenceOf(each)) ?? [],
  )[0];
  const digest = reference?.split('@')[1];
  const manifests = manifestsOf(resources);
  const problems = problemsOf(resources);
  const digests = new Set([
    ...(digest === undefined ? [] : [digest]),
    ...manifests.map((manifest) => manifest.digest),
  ]);
  const used = [...digests].flatMap((each) => workloads.get(each) ?? []);
  return {
    ...defined<Pick<ReportedImage, 'name' | 'digest' | 'signer' | 'rule' | 'verifiedAt'>>({
      name,
      digest: digest !== undefined && isDigest(digest) ? digest : undefined,
      signer: signerOf(objectAt((verified ?? signature)?.outputs, 'signer')),
      rule: verified && ruleOf(verified),
      verifiedAt: verified?.modified,
    }),
    image: reference ?? textAt(component?.outputs, 'imageRef') ?? 'unknown image',
    status: statusOf(problems),
    problems,
    notes: notesOf(resources),
    source: sourceOf(resources),
    build: buildOf(resources),
    annotations: annotationsOf(resources),
    manifests,
    logEntries: logEntriesOf(resources),
    workloads: [...new Map(used.map((each) => [each.name, each])).values()],
  };
}

const problem = (message: string): ReportedProblem => ({ kind: 'problem', message });

function problemsOf(resources: ImageResources): readonly ReportedProblem[] {
  const { verified, signature, build } = resources;
  const drift = [verified, signature].flatMap((each) => textsAt(each?.outputs, 'drift'));
  const partial = [verified, signature, build].flatMap((each) => each?.initErrors ?? []);
  return [
    ...missingStage(resources),
    ...[...new Set(drift)].map((line) => problem(`changed in the registry: ${line}`)),
    ...partial.map((line) => problem(`the last update failed: ${line}`)),
  ];
}

/** Returns the first stage of the component that did not succeed. */
function missingStage({ verified, signature, build }: ImageResources): readonly ReportedProblem[] {
  if (!verified) {
    if (signature) {
      return [problem('signed, but not verified: the state has no successful verification')];
    }
    if (build) return [problem('built and pushed, but not signed: the state has no signature')];
    return [problem('not built or signed: the state has only the component')];
  }
  const report = parseJson(textAt(verified.outputs, 'verification') ?? '');
  const result = objectAt({ report }, 'report')['verified'];
  if (result === true && textAt(verified.outputs, 'digest') !== undefined) return [];
  if (result === false) return [problem('the verification found a requirement that is not met')];
  const message = 'the verification report is missing in the state, or is stored as a secret';
  return [{ kind: 'incomplete', message }];
}

function notesOf(resources: ImageResources): readonly string[] {
  const { dirty } = sourceOf(resources);
  const changed = textsAt(resources.verified?.outputs, 'drift').length > 0;
  return [
    ...(dirty === true
      ? ['the work tree had changes that were not committed when the image was built or signed']
      : []),
    // The verification report in the state is not replaced by a refresh.
    ...(changed
      ? ['the results of the signatures are those of the last successful verification']
      : []),
  ];
}

/** The entries of the state's signatures; of a verification alone, those in its report. */
function logEntriesOf({ signature, verified }: ImageResources): readonly ReportedLogEntry[] {
  const written = listAt(signature?.outputs, 'logEntries').flatMap(toLogEntry);
  if (written.length > 0) return written;
  const report = parseJson(textAt(verified?.outputs, 'verification') ?? '');
  const found = listAt(report, 'manifests').flatMap((manifest) =>
    listAt(manifest, 'parts').flatMap((part) =>
      listAt(part, 'logEntries')
        .flatMap(toLogEntry)
        .map((entry) =>
          defined<ReportedLogEntry>({
            ...entry,
            subject: textAt(manifest, 'digest'),
            purpose: textAt(part, 'purpose'),
          }),
        ),
    ),
  );
  return [...new Map(found.map((each) => [`${each.logId} ${each.logIndex}`, each])).values()];
}
