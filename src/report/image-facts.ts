import { listAt, objectAt, pairsAt, textAt, textsAt } from './json-access';
import type { ReportedBuild, ReportedManifest, ReportedPart, ReportedSource } from './model';
import type { ImageResources } from './resource-group';
import { signerOf } from './audit-export';
import { parseJson } from './stack-export';

/** `resolvedDependencies[].digest.gitCommit` of a SLSA predicate. */
export function commitsOf(predicate: unknown): readonly string[] {
  return listAt(objectAt(predicate, 'buildDefinition'), 'resolvedDependencies').flatMap((each) => {
    const commit = textAt(objectAt(each, 'digest'), 'gitCommit');
    return commit === undefined ? [] : [commit];
  });
}

/** Returns an object without the members that are `undefined`, for exact optional members. */
export function defined<T extends object>(members: {
  readonly [Name in keyof T]: T[Name] | undefined;
}): T {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as T;
}

/** The predicate that the verification returned, otherwise the one that was signed. */
function predicateOf({ verified, signature }: ImageResources): unknown {
  const text =
    textAt(verified?.outputs, 'verifiedProvenance') ??
    textAt(signature?.outputs, 'signedProvenance');
  return text === undefined ? undefined : parseJson(text);
}

/** Facts that were recorded with the build; otherwise those that were detected when the image was signed. */
function factsOf({ build, signature }: ImageResources): unknown {
  const ofBuild = objectAt(build?.outputs, 'facts');
  return Object.keys(ofBuild).length > 0 ? ofBuild : objectAt(signature?.outputs, 'facts');
}

/** Returns the source of an image. Signed values take precedence over detected ones. */
export function sourceOf(resources: ImageResources): ReportedSource {
  const facts = factsOf(resources);
  const signed = annotationsOf(resources);
  const [commit] = commitsOf(predicateOf(resources));
  const dirty = objectAt({ facts }, 'facts')['dirty'];
  return defined<ReportedSource>({
    commit: commit ?? signed['commit'] ?? textAt(facts, 'commit'),
    branch: signed['branch'] ?? textAt(facts, 'branch'),
    tag: textAt(facts, 'tag'),
    ref: textAt(facts, 'ref'),
    repository: signed['repo'] ?? textAt(facts, 'repository'),
    dirty: typeof dirty === 'boolean' ? dirty : undefined,
  });
}

/** Returns the build of an image, from its provenance and from what the build recorded. */
export function buildOf(resources: ImageResources): ReportedBuild {
  const facts = factsOf(resources);
  const predicate = predicateOf(resources);
  const summary = objectAt(resources.build?.outputs, 'summary');
  const details = objectAt(predicate, 'runDetails');
  const metadata = objectAt(details, 'metadata');
  const platforms = textsAt(summary, 'platforms');
  return defined<ReportedBuild>({
    builderId: textAt(objectAt(details, 'builder'), 'id') ?? textAt(facts, 'builder'),
    buildType: textAt(objectAt(predicate, 'buildDefinition'), 'buildType'),
    builder: textAt(summary, 'usedBuilder') ?? textAt(summary, 'builder'),
    dockerfile: textAt(summary, 'dockerfile'),
    dockerfileDigest: textAt(summary, 'dockerfileDigest'),
    contextDigest: textAt(summary, 'contextDigest'),
    platforms: platforms.length > 0 ? platforms : undefined,
    system: textAt(facts, 'system'),
    invocation: textAt(metadata, 'invocationId') ?? textAt(facts, 'invocation'),
    user: textAt(facts, 'user'),
    startedOn: textAt(metadata, 'startedOn') ?? textAt(summary, 'startedOn'),
    finishedOn: textAt(metadata, 'finishedOn') ?? textAt(summary, 'finishedOn'),
  });
}

/** Returns all signed annotations. */
export function annotationsOf({
  verified,
  signature,
}: ImageResources): Readonly<Record<string, string>> {
  const ofVerified = pairsAt(verified?.outputs, 'signedAnnotations');
  return Object.keys(ofVerified).length > 0
    ? ofVerified
    : pairsAt(signature?.outputs, 'signedAnnotations');
}

function toPart(value: unknown): ReportedPart {
  return defined<ReportedPart>({
    purpose: textAt(value, 'purpose') ?? 'unknown',
    format: textAt(value, 'format') ?? 'unknown',
    status: textAt(value, 'status') ?? 'unknown',
    reason: textAt(value, 'reason'),
    signer: signerOf(objectAt(value, 'signer')),
    stored: textAt(value, 'stored'),
  });
}

/** Returns the manifests of the verification report, otherwise those that were signed. */
export function manifestsOf({ verified, signature }: ImageResources): readonly ReportedManifest[] {
  const report = parseJson(textAt(verified?.outputs, 'verification') ?? '');
  const manifests = listAt(report, 'manifests').map((each) =>
    defined<ReportedManifest>({
      digest: textAt(each, 'digest') ?? '',
      platform: textAt(each, 'platform'),
      parts: listAt(each, 'parts').map(toPart),
    }),
  );
  return manifests.length > 0 ? manifests : signedManifests(signature?.outputs);
}

function signedManifests(outputs: unknown): readonly ReportedManifest[] {
  const signer = signerOf(objectAt(outputs, 'signer'));
  const bySubject = new Map<string, ReportedPart[]>();
  for (const each of listAt(outputs, 'signatures')) {
    const subject = textAt(each, 'subject') ?? '';
    const part = { ...toPart(each), status: 'not-verified', ...(signer && { signer }) };
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), part]);
  }
  return [...bySubject].map(([digest, parts]) => ({ digest, parts }));
}
