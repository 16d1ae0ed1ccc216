import type { PolicyResource, ResourceValidationArgs, StackValidationArgs } from '@pulumi/policy';

import { signedImagePolicies } from '../../../../src/enforce/policy';

/** Exported for tests of packs; the package's types leave it out. */
const { unknownCheckingProxy } = jest.requireActual<{
  unknownCheckingProxy(properties: object): Record<string, unknown>;
}>('@pulumi/policy');

/** What the engine sends for a text that only an update knows. */
export const UNKNOWN_TEXT = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** A resource of a stack, in short. */
export interface Described {
  readonly type: string;
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
  /** Type of its provider; none for a component. */
  readonly provider?: string;
  readonly parent?: string;
  /** Names of what its `spec` was made of. */
  readonly spec?: readonly string[];
  /** Names of what it depends on otherwise. */
  readonly dependsOn?: readonly string[];
}

type PolicyName = 'images-pinned' | 'images-verified' | 'images-of-commit';

export interface Asked {
  /** Said of a resource before it was made. */
  before(resource: Described): readonly string[];
  /** Said of the finished stack, `name: message`. */
  after(...resources: readonly Described[]): readonly string[];
}

const OPTIONS = {
  protect: false,
  ignoreChanges: [],
  aliases: [],
  customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
  additionalSecretOutputs: [],
};

function seen({ type, name, props, provider }: Described) {
  return {
    type,
    name,
    urn: `urn:${name}`,
    props: unknownCheckingProxy(props),
    opts: OPTIONS,
    ...(provider && {
      provider: { type: provider, name: 'default', urn: 'urn:provider', props: {} },
    }),
    isType: () => false,
    asType: () => undefined,
  };
}

const notApplicable = (): never => {
  throw new Error('no policy of ours says so');
};

/** Linked as the pack's server links them. */
function linked(resources: readonly Described[]): PolicyResource[] {
  const made = new Map<string, PolicyResource>(
    resources.map((each) => [
      each.name,
      { ...seen(each), dependencies: [], propertyDependencies: {} },
    ]),
  );
  const find = (names: readonly string[] = []): PolicyResource[] =>
    names.flatMap((name) => made.get(name) ?? []);
  for (const { name, parent, spec, dependsOn } of resources) {
    const resource = made.get(name)!;
    const above = parent === undefined ? undefined : made.get(parent);
    if (above) resource.parent = above;
    resource.dependencies = find(dependsOn);
    if (spec) resource.propertyDependencies = { spec: find(spec) };
  }
  return [...made.values()];
}

/** One policy of the pack, with a configuration, evaluated in this process. */
export function ask(
  policyName: PolicyName,
  config: object = {},
  environment: Readonly<Record<string, string>> = {},
): Asked {
  const policy = signedImagePolicies(environment).find(({ name }) => name === policyName)!;
  const common = {
    stackTags: new Map<string, string>(),
    getConfig: <T extends object>() => config as T,
    notApplicable,
  };
  return {
    before: (resource) => {
      const said: string[] = [];
      const args: ResourceValidationArgs = { ...seen(resource), ...common };
      const validate = policy.validateResource;
      if (typeof validate !== 'function') throw new Error('one function is expected');
      void validate(args, (message) => said.push(message));
      return said;
    },
    after: (...resources) => {
      const said: string[] = [];
      const args: StackValidationArgs = { resources: linked(resources), ...common };
      void policy.validateStack(args, (message, urn = '') =>
        said.push(`${urn.replace('urn:', '')}: ${message}`),
      );
      return said;
    },
  };
}
