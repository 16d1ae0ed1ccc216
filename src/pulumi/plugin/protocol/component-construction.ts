import {
  type ComponentResource,
  type ComponentResourceOptions,
  DependencyResource,
  InputPropertiesError,
  InputPropertyError,
  type Inputs,
  all,
  output,
  ProviderResource,
} from '@pulumi/pulumi';
import type { ConstructResult } from '@pulumi/pulumi/provider';

import { InvalidInputError, type Problem, SignedImageError } from '../../../error';
import { remoteOutputsOf, SignedImage } from '../../component/signed-image';
import type { SignedImageArgs } from '../../component/args';
import { token } from '../../package';
import { isAsync } from '../../secrecy/visible-unknown-members';
import { formatError } from './crud-failure';

/** A call of the engine: the name and type of a component, its inputs and options. */
export type ConstructCall = [
  name: string,
  type: string,
  inputs: Inputs,
  options: ComponentResourceOptions,
];

/** A component with policies for a cluster. Its arguments are known when it is created, but for images and keys. */
type PolicyComponent = new (
  name: string,
  args: never,
  options?: ComponentResourceOptions,
) => ComponentResource;

/** Generates the objects of a policy from its arguments, and refuses what is invalid. */
type PolicyGenerator = (args: never) => unknown;

/** The components with policies, by their names in the schema, and the functions that they call. */
export interface PolicyComponents {
  readonly AdmissionPolicy: PolicyComponent;
  readonly KyvernoPolicy: PolicyComponent;
  readonly KyvernoClusterPolicy: PolicyComponent;
  readonly PolicyControllerPolicy: PolicyComponent;
  readonly FluxVerification: PolicyComponent;
  readonly digestPolicy: PolicyGenerator;
  readonly kyvernoPolicy: PolicyGenerator;
  readonly kyvernoClusterPolicy: PolicyGenerator;
  readonly policyControllerPolicy: PolicyGenerator;
  readonly fluxVerification: PolicyGenerator;
}

const GENERATORS = {
  AdmissionPolicy: 'digestPolicy',
  KyvernoPolicy: 'kyvernoPolicy',
  KyvernoClusterPolicy: 'kyvernoClusterPolicy',
  PolicyControllerPolicy: 'policyControllerPolicy',
  FluxVerification: 'fluxVerification',
} as const;

type PolicyName = keyof typeof GENERATORS;

export const POLICY_NAMES = Object.keys(GENERATORS) as readonly PolicyName[];

/** The arguments that may be outputs; the others decide which objects there are. */
const MAY_BE_OUTPUTS: readonly string[] = ['images', 'keys'];

/** Creates the component for a program in another language (a remote component). */
export async function constructComponent(
  policies: () => PolicyComponents,
  ...[name, type, inputs, received]: ConstructCall
): Promise<ConstructResult> {
  const options = await withDeletedWith(received);
  if (type === token('SignedImage')) {
    // The engine has not validated the inputs: the `check` of the plan does.
    const image = reported(() => new SignedImage(name, inputs as SignedImageArgs, options));
    return { urn: image.urn, state: remoteOutputsOf(image) };
  }
  const policy = POLICY_NAMES.find((each) => token(each) === type);
  if (!policy) {
    throw new Error(
      `this plugin has no component ${type}; check that the versions of the plugin and of the SDK match [INTERNAL]`,
    );
  }
  const known = await knownInputs(inputs);
  const created = reported(() => {
    refuseOutputs(policy, inputs);
    // The objects take outputs: an error there would end every call that this process serves, without its code.
    if (known) policies()[GENERATORS[policy]]({ name, ...known } as never);
    return new (policies()[policy])(name, inputs as never, options);
  });
  const { verify } = created as { readonly verify?: unknown };
  return { urn: created.urn, state: verify === undefined ? {} : { verify } };
}

/**
 * Repairs `deletedWith`: the SDK takes its URN for a reference to a provider, `URN::ID`, and splits the
 * name of the resource off as the id.
 */
async function withDeletedWith(
  options: ComponentResourceOptions,
): Promise<ComponentResourceOptions> {
  const { deletedWith } = options;
  if (!ProviderResource.isInstance(deletedWith)) return options;
  const parts = all([deletedWith.urn, deletedWith.id]).apply((both) => both.join('::'));
  const urn = await new Promise<string>((resolve) => void parts.apply(resolve));
  return { ...options, deletedWith: new DependencyResource(urn) };
}

/** Returns the inputs with the values of their outputs; `undefined` if one is not known yet. */
async function knownInputs(inputs: Inputs): Promise<Inputs | undefined> {
  const whole = output(inputs) as unknown as {
    readonly isKnown: Promise<boolean>;
    promise(): Promise<Inputs>;
  };
  // In this order, as in the SDK: `isKnown` of an output that depends on a failed one is never settled.
  const plain = await whole.promise();
  return (await whole.isKnown) ? plain : undefined;
}

function refuseOutputs(policy: PolicyName, inputs: Inputs): void {
  const permitted = policy === 'AdmissionPolicy' ? MAY_BE_OUTPUTS : ['keys'];
  const problems = Object.entries(inputs).flatMap(([property, value]): Problem[] =>
    !permitted.includes(property) && hasOutput(value)
      ? [{ property, code: 'INPUT_INVALID', message: 'must be known when the program runs' }]
      : [],
  );
  if (problems.length > 0) throw new InvalidInputError(problems);
}

function hasOutput(value: unknown): boolean {
  if (isAsync(value)) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasOutput);
}

/**
 * Creates the component. The engine prints the value of each property that an error has a path to, also one that is
 * secret: the paths are in the message instead.
 */
function reported<Component>(create: () => Component): Component {
  try {
    return create();
  } catch (error) {
    if (error instanceof InvalidInputError) {
      const errors = error.problems.map(({ property, message, code }) => ({
        propertyPath: property,
        reason: `${message} [${code}]`,
      }));
      throw withoutPaths('invalid arguments', errors);
    }
    if (error instanceof SignedImageError) throw new Error(formatError(error), { cause: error });
    if (InputPropertyError.isInstance(error)) throw withoutPaths('invalid argument', [error]);
    if (!InputPropertiesError.isInstance(error)) throw error;
    throw withoutPaths(error.message, error.errors ?? []);
  }
}

function withoutPaths(
  message: string,
  errors: readonly { readonly propertyPath: string; readonly reason: string }[],
): InputPropertiesError {
  const problems = errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
  return new InputPropertiesError({ message: `${message}: ${problems.join('; ')}`, errors: [] });
}
