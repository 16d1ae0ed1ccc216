import { evaluateImage, pinnedName } from '../program/image-rule';
import { commitProblem, deployedCommit, verifiedCommit } from './commit-rule';
import { type ImagePolicy, imagePolicy } from './image-policy';
import { RegisteredImages } from './registered-images';

const NONE: ReadonlySet<string> = new Set();

function denialReason(
  image: string,
  verified: ReadonlySet<string>,
  allowed: ReadonlySet<string>,
): string | undefined {
  const verdict = evaluateImage(image, { verified, allowed }, []);
  return verdict.allowed ? undefined : verdict.reason;
}

function imagesPinned(): ImagePolicy {
  return imagePolicy({
    name: 'images-pinned',
    displayName: 'Images are pinned',
    description: 'Every image that a workload runs is referenced by its digest.',
    severity: 'high',
    enforcementLevel: 'mandatory',
    members: ['exempt', 'kinds'],
    rules: () => ({
      before: ({ image }) =>
        pinnedName(image) === undefined ? denialReason(image, NONE, NONE) : undefined,
    }),
  });
}

function imagesVerified(): ImagePolicy {
  const registered = new RegisteredImages();
  return imagePolicy({
    name: 'images-verified',
    displayName: 'Images are verified',
    description:
      'Every image that a workload runs was verified by a signed-image resource of the same stack.',
    severity: 'critical',
    enforcementLevel: 'mandatory',
    members: ['exempt', 'kinds', 'allow', 'trustedKeys', 'identities', 'trustedRoots'],
    onResource: (resource) => registered.record(resource),
    rules: ({ requirement: { allowed }, signers }) => ({
      before: ({ image }) => {
        if (registered.isUndecided(image)) return undefined;
        const reason = denialReason(image, registered.references(), allowed);
        if (reason !== undefined || signers === undefined) return reason;
        return denialReason(image, NONE, allowed) && registered.signerProblem(image, signers);
      },
      after: (image, workload, lineage) =>
        denialReason(image.image, NONE, allowed) && lineage.problemOf(workload, image, signers),
    }),
  });
}

function imagesOfCommit(environment: Readonly<Record<string, string | undefined>>): ImagePolicy {
  const registered = new RegisteredImages();
  return imagePolicy({
    name: 'images-of-commit',
    displayName: 'Images are of this commit',
    description:
      'The verified provenance of every image that a workload runs has the commit that is being deployed.',
    severity: 'high',
    // Disabled: some stacks also deploy images of other commits.
    enforcementLevel: 'disabled',
    members: ['exempt', 'kinds', 'commit'],
    onResource: (resource) => registered.record(resource),
    rules: ({ commit: declared }) => {
      const commit = deployedCommit(declared, environment);
      return {
        before: ({ image }) =>
          registered.isUndecided(image)
            ? undefined
            : commitProblem(registered.commitsOf(image), commit),
        after: ({ image }, _workload, lineage) =>
          commitProblem(lineage.holdersOf(image).map(verifiedCommit), commit),
      };
    },
  });
}

/**
 * Returns the policies of the pack, for a custom pack. Levels and configuration are those of Pulumi:
 * `--policy-pack-config`, or the second argument of `PolicyPack`.
 *
 * @param environment environment variables with the commit of the CI run
 */
export function signedImagePolicies(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ImagePolicy[] {
  return [imagesPinned(), imagesVerified(), imagesOfCommit(environment)];
}
