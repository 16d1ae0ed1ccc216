import { SignedImageError } from '../error';
import { type Digest, hexOf } from '../oci/digest';
import { type Repository, type Tag, formatRepository } from '../oci/reference';
import { isUri } from '../source/uri';
import { vcsLocation } from './vcs-location';
import { PROVENANCE_PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from './statement';

/** What `externalParameters` mean and how the build ran: `docs/build-type-v1.md`. */
export const BUILD_TYPE =
  'https://github.com/pulumi-signed-image/pulumi-signed-image/blob/main/docs/build-type-v1.md';

/** https://slsa.dev/spec/v1.1/provenance#resourcedescriptor */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
}

/** https://slsa.dev/spec/v1.1/provenance#schema, as far as this build type uses it. */
export interface ProvenancePredicate {
  readonly buildDefinition: {
    readonly buildType: string;
    readonly externalParameters: Readonly<Record<string, unknown>>;
    readonly internalParameters?: Readonly<Record<string, unknown>>;
    readonly resolvedDependencies?: readonly ResourceDescriptor[];
  };
  readonly runDetails: {
    readonly builder: { readonly id: string };
    readonly metadata: {
      readonly invocationId?: string;
      readonly startedOn?: string;
      readonly finishedOn?: string;
    };
  };
}

/** What was asked of the builder. */
export interface BuildInstructions {
  readonly repository: Repository;
  readonly tag?: Tag;
  /** Path as declared, relative to the program's folder: no path of this machine. */
  readonly context: string;
  /** Path as declared, relative to the program's folder. */
  readonly dockerfile: string;
  readonly target?: string;
  /** Build arguments whose values may be shown. */
  readonly args: Readonly<Record<string, string>>;
  /** Names of the build arguments whose values are secret. */
  readonly secretArgs?: readonly string[];
  /** Ids of the build secrets; never their values. */
  readonly secretIds: readonly string[];
  /** `os/arch[/variant]`. */
  readonly platforms: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** The declared choice of builder: `auto`, `buildx`, ... */
  readonly builder: string;
  readonly buildxBuilder?: string;
  /** What the user adds (`provenance.parameters`). */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What went into the build, by content. */
export interface BuildMaterials {
  /** URL without credentials. */
  readonly repository?: string;
  readonly branch?: string;
  /** Tag of the repository. */
  readonly tag?: string;
  /** Full ref where neither branch nor tag says it. */
  readonly ref?: string;
  /** Full hex object id. */
  readonly commit?: string;
  /** Of the Dockerfile's bytes. */
  readonly dockerfileDigest?: Digest;
  /** Content hash of the context, as `docs/build-type-v1.md` defines it. */
  readonly contextDigest?: Digest;
}

/** The run that made the image. */
export interface BuildRun {
  /** URI of what ran the build. It never claims a hosted builder that it is not. */
  readonly builderId: string;
  /** Which CI system was detected: `github-actions`, ..., `git`, `none`. */
  readonly system: string;
  /** The builder that `auto` took. */
  readonly usedBuilder?: string;
  readonly dirty?: boolean;
  readonly user?: string;
  /** The fork that a pull or merge request comes from. */
  readonly headRepository?: string;
  readonly invocation?: string;
  /** RFC 3339, UTC; absent where the builder does not tell (a provider's build). */
  readonly startedOn?: string;
  readonly finishedOn?: string;
}

export interface ProvenanceInput {
  /** The manifest that the statement is about: the index, or one of its platforms. */
  readonly digest: Digest;
  readonly instructions: BuildInstructions;
  readonly materials: BuildMaterials;
  readonly run: BuildRun;
}

/** Without what was not given: unset, null and empty mean the same in SLSA, so nothing is written. */
function compact(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Pairs in the order of their names, so that the same declaration gives the same bytes. */
function sorted(pairs: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(pairs).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function externalParameters(instructions: BuildInstructions): Record<string, unknown> {
  return compact({
    image: formatRepository(instructions.repository),
    tag: instructions.tag,
    context: instructions.context,
    dockerfile: instructions.dockerfile,
    target: instructions.target,
    args: sorted(instructions.args),
    secretArgs: [...(instructions.secretArgs ?? [])].sort(),
    secretIds: [...instructions.secretIds].sort(),
    platforms: instructions.platforms,
    labels: sorted(instructions.labels),
    builder: instructions.builder,
    buildxBuilder: instructions.buildxBuilder,
    parameters: sorted(instructions.parameters),
  });
}

// https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md
function resolvedDependencies(materials: BuildMaterials): ResourceDescriptor[] {
  const { repository, commit, dockerfileDigest, contextDigest } = materials;
  const dependencies: ResourceDescriptor[] = [];
  if (repository !== undefined || commit !== undefined) {
    const uri = repository && vcsLocation(repository, refOf(materials) ?? commit);
    dependencies.push({
      name: 'source',
      ...(uri && { uri }),
      ...(commit !== undefined && { digest: { gitCommit: commit } }),
    });
  }
  if (dockerfileDigest) {
    dependencies.push({ name: 'dockerfile', digest: { sha256: hexOf(dockerfileDigest) } });
  }
  if (contextDigest) {
    dependencies.push({ name: 'context', digest: { sha256: hexOf(contextDigest) } });
  }
  return dependencies;
}

function refOf({ ref, tag, branch }: BuildMaterials): string | undefined {
  if (ref !== undefined) return ref;
  if (tag !== undefined) return `refs/tags/${tag}`;
  return branch === undefined ? undefined : `refs/heads/${branch}`;
}

function checked(input: ProvenanceInput): ProvenanceInput {
  const { builderId, startedOn, finishedOn } = input.run;
  if (!isUri(builderId)) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `the builder id ${JSON.stringify(builderId)} is not a URI; give one that names what runs the build, for example https://ci.example.com/builder`,
      property: 'provenance.builderId',
    });
  }
  for (const time of [startedOn, finishedOn]) {
    if (time === undefined) continue;
    if (
      !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(time) ||
      Number.isNaN(Date.parse(time))
    ) {
      throw new SignedImageError({
        code: 'INTERNAL',
        message: `${JSON.stringify(time)} is no RFC 3339 time in UTC`,
      });
    }
  }
  return input;
}

/**
 * The SLSA v1 provenance of one manifest that this build made.
 *
 * @throws SignedImageError `INPUT_INVALID` on `provenance.builderId`
 */
export function provenanceStatement(input: ProvenanceInput): Statement<ProvenancePredicate> {
  const { digest, instructions, materials, run } = checked(input);
  const internalParameters = compact({
    system: run.system,
    usedBuilder: run.usedBuilder,
    dirty: run.dirty,
    user: run.user,
    tag: materials.tag,
    ref: materials.ref,
    headRepository: run.headRepository,
  });
  const dependencies = resolvedDependencies(materials);
  return {
    _type: STATEMENT_TYPE,
    subject: [
      { name: formatRepository(instructions.repository), digest: { sha256: hexOf(digest) } },
    ],
    predicateType: PROVENANCE_PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: externalParameters(instructions),
        internalParameters,
        ...(dependencies.length > 0 && { resolvedDependencies: dependencies }),
      },
      runDetails: {
        builder: { id: run.builderId },
        metadata: {
          ...(run.invocation !== undefined &&
            isUri(run.invocation) && { invocationId: run.invocation }),
          ...(run.startedOn !== undefined && { startedOn: run.startedOn }),
          ...(run.finishedOn !== undefined && { finishedOn: run.finishedOn }),
        },
      },
    },
  };
}

/** What was declared about provenance. */
export interface ProvenanceDeclaration {
  /** Whether the image is built here; else it exists already. */
  readonly build: boolean;
  readonly disabled?: boolean;
  readonly builderId?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Whether provenance is made. An image that exists already gets none, because nobody here saw how
 * it was built; asking for one (or naming a builder for it) is an error.
 *
 * @throws SignedImageError `INPUT_INVALID` on the `provenance` member that cannot be kept
 */
export function provenanceWanted(declared: ProvenanceDeclaration): boolean {
  if (declared.build) return declared.disabled !== true;
  const refused =
    declared.builderId !== undefined
      ? 'builderId'
      : Object.keys(declared.parameters ?? {}).length > 0
        ? 'parameters'
        : declared.disabled === false
          ? 'disabled'
          : undefined;
  if (refused !== undefined) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message:
        'an image that exists already cannot be given provenance: it would claim a build that was not made here. Leave `provenance` out, or declare `build`',
      property: `provenance.${refused}`,
    });
  }
  return false;
}
