import { SignedImageError } from '../error';
import { type Digest, hexOf } from '../oci/digest';
import { type Repository, type Tag, formatRepository } from '../oci/reference';
import { isUri } from '../source/uri';
import { vcsLocation } from '../source/vcs-location';
import { PROVENANCE_PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from './statement';

/** The build type, which defines `externalParameters` and how the build ran: `docs/build-type-v1.md`. */
export const BUILD_TYPE =
  'https://github.com/pulumi-signed-image/pulumi-signed-image/blob/main/docs/build-type-v1.md';

/** https://slsa.dev/spec/v1.1/provenance#resourcedescriptor */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
}

/** The part of https://slsa.dev/spec/v1.1/provenance#schema that this build type uses. */
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

/** The inputs of the build. */
export interface BuildInstructions {
  readonly repository: Repository;
  readonly tag?: Tag;
  /** Path as declared, relative to the program's folder, without absolute paths of this machine. */
  readonly context: string;
  /** Path as declared, relative to the program's folder. */
  readonly dockerfile: string;
  readonly target?: string;
  /** Build arguments that are not secret. */
  readonly args: Readonly<Record<string, string>>;
  /** Names of the build arguments whose values are secret. */
  readonly secretArgs?: readonly string[];
  /** Ids of the build secrets; never their values. */
  readonly secretIds: readonly string[];
  /** `os/arch[/variant]`. */
  readonly platforms: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Named contexts, as declared, without absolute paths of this machine. */
  readonly contexts?: Readonly<Record<string, string>>;
  readonly pull?: boolean;
  readonly noCache?: boolean;
  /** `none` or `host`. */
  readonly network?: string;
  /** Host name to IP address. */
  readonly addHosts?: Readonly<Record<string, string>>;
  /** Ids of SSH agents and keys. */
  readonly sshIds?: readonly string[];
  readonly sbom?: boolean;
  /** The declared choice of builder: `auto`, `buildx`, ... */
  readonly builder: string;
  readonly buildxBuilder?: string;
  /** User-defined parameters (`provenance.parameters`). */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The source and files of the build, by digest. */
export interface BuildMaterials {
  /** URL without credentials. */
  readonly repository?: string;
  readonly branch?: string;
  /** Tag of the repository. */
  readonly tag?: string;
  /** Full ref if it is neither `branch` nor `tag`. */
  readonly ref?: string;
  /** Full hex object id. */
  readonly commit?: string;
  /** Digest of the Dockerfile. */
  readonly dockerfileDigest?: Digest;
  /** Content hash of the context, as `docs/build-type-v1.md` defines it. */
  readonly contextDigest?: Digest;
  /** The same of the named contexts that are folders, by name. */
  readonly contextDigests?: Readonly<Record<string, Digest>>;
}

/** The run that built the image. */
export interface BuildRun {
  /** URI of the platform that ran the build. It never claims a hosted builder that did not run it. */
  readonly builderId: string;
  /** The detected CI system: `github-actions`, ..., `git`, `none`. */
  readonly system: string;
  /** The builder that `auto` selected. */
  readonly usedBuilder?: string;
  readonly dirty?: boolean;
  readonly user?: string;
  /** The fork that a pull or merge request comes from. */
  readonly headRepository?: string;
  /** Folder of the context in the source repository. */
  readonly path?: string;
  /** The repository that has the source repository as a submodule. */
  readonly superproject?: string;
  readonly invocation?: string;
  /** RFC 3339, UTC; absent if the builder does not report it (a provider's build). */
  readonly startedOn?: string;
  readonly finishedOn?: string;
}

export interface ProvenanceInput {
  /** The subject of the statement: the index, or the manifest of one platform. */
  readonly digest: Digest;
  readonly instructions: BuildInstructions;
  readonly materials: BuildMaterials;
  readonly run: BuildRun;
}

/** Omits empty members: unset, null and empty are equivalent in SLSA. */
function compact(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Sorts pairs by name, so that equal inputs give equal bytes. */
function sortByName(pairs: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(pairs).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function externalParameters(instructions: BuildInstructions): Record<string, unknown> {
  return compact({
    image: formatRepository(instructions.repository),
    tag: instructions.tag,
    context: instructions.context,
    dockerfile: instructions.dockerfile,
    target: instructions.target,
    args: sortByName(instructions.args),
    secretArgs: [...(instructions.secretArgs ?? [])].sort(),
    secretIds: [...instructions.secretIds].sort(),
    platforms: instructions.platforms,
    labels: sortByName(instructions.labels),
    contexts: sortByName(instructions.contexts),
    pull: instructions.pull,
    noCache: instructions.noCache,
    network: instructions.network,
    addHosts: sortByName(instructions.addHosts),
    sshIds: [...(instructions.sshIds ?? [])].sort(),
    sbom: instructions.sbom,
    builder: instructions.builder,
    buildxBuilder: instructions.buildxBuilder,
    parameters: sortByName(instructions.parameters),
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
  const named = Object.entries(materials.contextDigests ?? {});
  for (const [name, digest] of named.sort(([a], [b]) => (a < b ? -1 : 1))) {
    dependencies.push({ name: `context:${name}`, digest: { sha256: hexOf(digest) } });
  }
  return dependencies;
}

function refOf({ ref, tag, branch }: BuildMaterials): string | undefined {
  if (ref !== undefined) return ref;
  if (tag !== undefined) return `refs/tags/${tag}`;
  return branch === undefined ? undefined : `refs/heads/${branch}`;
}

function validateRun(input: ProvenanceInput): ProvenanceInput {
  const { builderId, startedOn, finishedOn } = input.run;
  if (!isUri(builderId)) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `the builder id ${JSON.stringify(builderId)} is not a URI; set it to a URI that identifies the build platform, for example https://ci.example.com/builder`,
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
        message: `${JSON.stringify(time)} is not an RFC 3339 time in UTC`,
      });
    }
  }
  return input;
}

/**
 * Creates the SLSA v1 provenance statement of one manifest of this build.
 *
 * @throws SignedImageError `INPUT_INVALID` on `provenance.builderId`
 */
export function provenanceStatement(input: ProvenanceInput): Statement<ProvenancePredicate> {
  const { digest, instructions, materials, run } = validateRun(input);
  const internalParameters = compact({
    system: run.system,
    usedBuilder: run.usedBuilder,
    dirty: run.dirty,
    user: run.user,
    tag: materials.tag,
    ref: materials.ref,
    headRepository: run.headRepository,
    path: run.path,
    superproject: run.superproject,
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

/** The `provenance` input of a component. */
export interface ProvenanceDeclaration {
  /** Whether the component builds the image; otherwise the image exists already. */
  readonly build: boolean;
  readonly disabled?: boolean;
  readonly form?: string;
  readonly builderId?: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Returns whether to create provenance. An image that exists already does not get provenance,
 * because its build was not observed; requesting provenance (or a builder id) for it is an error.
 *
 * @throws SignedImageError `INPUT_INVALID` on the conflicting member of `provenance`
 */
export function createsProvenance(declared: ProvenanceDeclaration): boolean {
  if (declared.build) return declared.disabled !== true;
  const conflict =
    declared.builderId !== undefined
      ? 'builderId'
      : Object.keys(declared.parameters ?? {}).length > 0
        ? 'parameters'
        : declared.disabled === false
          ? 'disabled'
          : declared.form !== undefined && declared.form !== 'auto'
            ? 'form'
            : undefined;
  if (conflict !== undefined) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message:
        'an existing image cannot be given provenance: the provenance would claim a build that did not run here. Remove `provenance`, or declare `build`',
      property: `provenance.${conflict}`,
    });
  }
  return false;
}
