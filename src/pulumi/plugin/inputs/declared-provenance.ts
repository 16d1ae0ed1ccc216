import {
  createsProvenance,
  githubFormProblem,
  type GithubJob,
  githubProvenanceStatement,
  type ProvenancePredicate,
  provenanceStatement,
  type Statement,
} from '../../../attest';
import { InvalidInputError } from '../../../error';
import { type Digest, parseDigest, parseTag, type Repository } from '../../../oci';
import type { SourceFacts } from '../../../source';
import type { BuildSummaryOutput } from '../../resources/signature-outputs';
import type { InputReader } from './input-reader';

const FORMS = ['auto', 'github-actions', 'signed-image'] as const;

export interface DeclaredProvenance {
  readonly disabled?: boolean;
  /** Default: `auto`. */
  readonly form?: (typeof FORMS)[number];
  readonly builderId?: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function readProvenance(provenance: InputReader): DeclaredProvenance {
  const disabled = provenance.at('disabled').boolean();
  const form = provenance.at('form').word(FORMS);
  const builderId = provenance.at('builderId').string();
  return {
    ...(form !== undefined && { form }),
    ...(disabled !== undefined && { disabled }),
    ...(builderId !== undefined && { builderId }),
    parameters: provenance.at('parameters').record(),
  };
}

export interface ProvenanceSource {
  readonly repository: Repository;
  readonly declared: DeclaredProvenance;
  readonly facts: SourceFacts;
  /** Absent for an image that was not built here. */
  readonly build: BuildSummaryOutput | undefined;
  /** The job whose identity token signs, if it is one of GitHub Actions. */
  readonly githubJob?: GithubJob | undefined;
}

/**
 * Whether the statement has the build type of GitHub (docs/explanation/adr/0017).
 *
 * @throws InvalidInputError on `provenance.form`
 */
function isInGithubForm({ declared, facts, githubJob }: ProvenanceSource): boolean {
  if (declared.form === 'signed-image') return false;
  const problem = githubFormProblem(githubJob, facts, declared);
  if (problem === undefined || declared.form !== 'github-actions') return problem === undefined;
  throw new InvalidInputError([
    {
      property: 'provenance.form',
      code: 'INPUT_INVALID',
      message: `\`github-actions\` cannot describe this build: ${problem}; use \`auto\` or \`signed-image\``,
    },
  ]);
}

/** The inputs that affect the steps of a build and the attestations of its image. */
function stepsOf({ contexts, pull, noCache, network, addHosts, sshIds, sbom }: BuildSummaryOutput) {
  return {
    contexts: contexts ?? {},
    ...(pull && { pull }),
    ...(noCache && { noCache }),
    ...(network !== undefined && { network }),
    addHosts: addHosts ?? {},
    sshIds: sshIds ?? [],
    ...(sbom && { sbom }),
  };
}

/**
 * Creates the provenance of one manifest of a build; `undefined` if provenance is not attested.
 *
 * @throws InvalidInputError on `provenance.form`
 */
export function provenanceOf(
  digest: Digest,
  source: ProvenanceSource,
): Statement<ProvenancePredicate> | undefined {
  const { repository, declared, facts, build, githubJob } = source;
  if (!createsProvenance({ build: build !== undefined, ...declared }) || !build) return undefined;
  if (isInGithubForm(source) && githubJob) {
    return githubProvenanceStatement(digest, repository, githubJob);
  }
  const { commit, branch, tag, ref, headRepository, path, superproject, builder, dirty } = facts;
  return provenanceStatement({
    digest,
    instructions: {
      repository,
      ...(build.tag !== undefined && { tag: parseTag(build.tag) }),
      context: build.context,
      dockerfile: build.dockerfile,
      ...(build.target !== undefined && { target: build.target }),
      args: build.args ?? {},
      secretArgs: build.secretArgs ?? [],
      secretIds: build.secretIds ?? [],
      platforms: build.platforms ?? [],
      labels: build.labels ?? {},
      ...stepsOf(build),
      builder: build.builder,
      ...(build.buildxBuilder !== undefined && { buildxBuilder: build.buildxBuilder }),
      parameters: declared.parameters,
    },
    materials: {
      ...(facts.repository !== undefined && { repository: facts.repository }),
      ...(branch !== undefined && { branch }),
      ...(tag !== undefined && { tag }),
      ...(ref !== undefined && { ref }),
      ...(commit !== undefined && { commit }),
      ...(build.dockerfileDigest !== undefined && {
        dockerfileDigest: parseDigest(build.dockerfileDigest),
      }),
      ...(build.contextDigest !== undefined && { contextDigest: parseDigest(build.contextDigest) }),
      contextDigests: Object.fromEntries(
        Object.entries(build.contextDigests ?? {}).map(([name, hash]) => [name, parseDigest(hash)]),
      ),
    },
    run: {
      builderId: declared.builderId ?? builder.id,
      system: builder.system,
      ...(build.usedBuilder !== undefined && { usedBuilder: build.usedBuilder }),
      ...(dirty !== undefined && { dirty }),
      ...(builder.user !== undefined && { user: builder.user }),
      ...(headRepository !== undefined && { headRepository }),
      ...(path !== undefined && { path }),
      ...(superproject !== undefined && { superproject }),
      ...(builder.invocation !== undefined && { invocation: builder.invocation }),
      ...(build.startedOn !== undefined && { startedOn: build.startedOn }),
      ...(build.finishedOn !== undefined && { finishedOn: build.finishedOn }),
    },
  });
}
