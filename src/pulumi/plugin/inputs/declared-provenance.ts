import {
  type ProvenancePredicate,
  provenanceStatement,
  createsProvenance,
  type Statement,
} from '../../../attest';
import { type Digest, parseDigest, parseTag, type Repository } from '../../../oci';
import type { SourceFacts } from '../../../source';
import type { BuildSummaryOutput } from '../../resources/signature-outputs';
import type { InputReader } from './input-reader';

export interface DeclaredProvenance {
  readonly disabled?: boolean;
  readonly builderId?: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export function readProvenance(provenance: InputReader): DeclaredProvenance {
  const disabled = provenance.at('disabled').boolean();
  const builderId = provenance.at('builderId').string();
  return {
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

/** Creates the provenance of one manifest of a build; `undefined` if provenance is not attested. */
export function provenanceOf(
  digest: Digest,
  { repository, declared, facts, build }: ProvenanceSource,
): Statement<ProvenancePredicate> | undefined {
  if (!createsProvenance({ build: build !== undefined, ...declared }) || !build) return undefined;
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
