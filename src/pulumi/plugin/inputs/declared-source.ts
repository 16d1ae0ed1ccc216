import type { SourceFacts, SourceOverrides } from '../../../source';
import type { InputReader } from './input-reader';

export function readSource(source: InputReader): SourceOverrides {
  const commit = source.at('commit').string();
  const branch = source.at('branch').string();
  const tag = source.at('tag').string();
  const ref = source.at('ref').string();
  const directory = source.at('directory').string();
  const repository = source.at('repository').string();
  const builder = source.at('builder').string();
  const allowDirty = source.at('allowDirty').boolean();
  return {
    ...(commit !== undefined && { commit }),
    ...(branch !== undefined && { branch }),
    ...(tag !== undefined && { tag }),
    ...(ref !== undefined && { ref }),
    ...(repository !== undefined && { repository }),
    ...(builder !== undefined && { builder }),
    ...(directory !== undefined && { directory }),
    ...(allowDirty !== undefined && { allowDirty }),
  };
}

/** The facts in the shape of an output: flat, and without unknown facts. */
export interface FactsOutput {
  readonly commit?: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly ref?: string;
  readonly repository?: string;
  readonly headRepository?: string;
  readonly path?: string;
  readonly superproject?: string;
  readonly dirty?: boolean;
  readonly builder: string;
  readonly system: string;
  readonly invocation?: string;
  readonly user?: string;
}

export function factsOutput(facts: SourceFacts): FactsOutput {
  const {
    commit,
    branch,
    tag,
    ref,
    repository,
    headRepository,
    path,
    superproject,
    dirty,
    builder,
  } = facts;
  return {
    ...(commit !== undefined && { commit }),
    ...(branch !== undefined && { branch }),
    ...(tag !== undefined && { tag }),
    ...(ref !== undefined && { ref }),
    ...(repository !== undefined && { repository }),
    ...(headRepository !== undefined && { headRepository }),
    ...(path !== undefined && { path }),
    ...(superproject !== undefined && { superproject }),
    ...(dirty !== undefined && { dirty }),
    builder: builder.id,
    system: builder.system,
    ...(builder.invocation !== undefined && { invocation: builder.invocation }),
    ...(builder.user !== undefined && { user: builder.user }),
  };
}

export function factsFromOutput(output: FactsOutput): SourceFacts {
  const { builder, system, invocation, user, ...rest } = output;
  return {
    ...rest,
    builder: {
      id: builder,
      system: system as SourceFacts['builder']['system'],
      ...(invocation !== undefined && { invocation }),
      ...(user !== undefined && { user }),
    },
  };
}
