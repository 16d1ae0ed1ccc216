import { evaluateImage, pinnedName } from '../program/image-rule';
import { commitProblem, deployedCommit, verifiedCommit } from './commit-rule';
import { type ImagePolicy, imagePolicy } from './image-policy';
import { RegisteredImages } from './registered-images';

const NONE: ReadonlySet<string> = new Set();

function whyNot(
  image: string,
  verified: ReadonlySet<string>,
  allowed: ReadonlySet<string>,
): string | undefined {
  const verdict = evaluateImage(image, { verified, allowed }, []);
  return verdict.allowed ? undefined : verdict.why;
}

function imagesPinned(): ImagePolicy {
  return imagePolicy({
    name: 'images-pinned',
    displayName: 'Images are pinned',
    description: 'Every image that a workload runs is named by its digest.',
    severity: 'high',
    enforcementLevel: 'mandatory',
    members: ['exempt', 'kinds'],
    rules: () => ({
      before: ({ image }) =>
        pinnedName(image) === undefined ? whyNot(image, NONE, NONE) : undefined,
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
    note: (resource) => registered.note(resource),
    rules: ({ requirement: { allowed }, signers }) => ({
      before: ({ image }) => {
        if (registered.mayBecome(image)) return undefined;
        const why = whyNot(image, registered.references(), allowed);
        if (why !== undefined || signers === undefined) return why;
        return whyNot(image, NONE, allowed) && registered.signerProblem(image, signers);
      },
      after: (image, workload, lineage) =>
        whyNot(image.image, NONE, allowed) && lineage.problemOf(workload, image, signers),
    }),
  });
}

function imagesOfCommit(environment: Readonly<Record<string, string | undefined>>): ImagePolicy {
  const registered = new RegisteredImages();
  return imagePolicy({
    name: 'images-of-commit',
    displayName: 'Images are of this commit',
    description:
      'The verified provenance of every image that a workload runs names the commit that is being deployed.',
    severity: 'high',
    // Not every stack deploys only what its own commit built.
    enforcementLevel: 'disabled',
    members: ['exempt', 'kinds', 'commit'],
    note: (resource) => registered.note(resource),
    rules: ({ commit: declared }) => {
      const commit = deployedCommit(declared, environment);
      return {
        before: ({ image }) =>
          registered.mayBecome(image)
            ? undefined
            : commitProblem(registered.commitsOf(image), commit),
        after: ({ image }, _workload, lineage) =>
          commitProblem(lineage.holdersOf(image).map(verifiedCommit), commit),
      };
    },
  });
}

/**
 * The policies of the pack, for a pack of your own. Levels and configuration are those of Pulumi:
 * `--policy-pack-config`, or the second argument of `PolicyPack`.
 *
 * @param environment where CI systems tell the commit of the run
 */
export function signedImagePolicies(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ImagePolicy[] {
  return [imagesPinned(), imagesVerified(), imagesOfCommit(environment)];
}
