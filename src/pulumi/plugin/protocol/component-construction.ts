import {
  type ComponentResource,
  type ComponentResourceOptions,
  InputPropertiesError,
  InputPropertyError,
  type Inputs,
} from '@pulumi/pulumi';
import type { ConstructResult } from '@pulumi/pulumi/provider';

import { InvalidInputError, type Problem } from '../../../error';
import { remoteOutputsOf, SignedImage } from '../../component/signed-image';
import type { SignedImageArgs } from '../../component/args';
import { token } from '../../package';
import { isAsync } from '../../secrecy/visible-unknown-members';

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

/** The components with policies, by their names in the schema. */
export interface PolicyComponents {
  readonly AdmissionPolicy: PolicyComponent;
  readonly KyvernoPolicy: PolicyComponent;
  readonly KyvernoClusterPolicy: PolicyComponent;
  readonly PolicyControllerPolicy: PolicyComponent;
  readonly FluxVerification: PolicyComponent;
}

export const POLICY_NAMES: readonly (keyof PolicyComponents)[] = [
  'AdmissionPolicy',
  'KyvernoPolicy',
  'KyvernoClusterPolicy',
  'PolicyControllerPolicy',
  'FluxVerification',
];

/** The arguments that may be outputs; the others decide which objects there are. */
const MAY_BE_OUTPUTS: readonly string[] = ['images', 'keys'];

/** Creates the component for a program in another language (a remote component). */
export async function constructComponent(
  policies: () => PolicyComponents,
  ...[name, type, inputs, options]: ConstructCall
): Promise<ConstructResult> {
  if (type === token('SignedImage')) {
    // The engine has not validated the inputs: the `check` of the plan does.
    const image = reported(() => new SignedImage(name, inputs as SignedImageArgs, options));
    return { urn: image.urn, state: remoteOutputsOf(image) };
  }
  const policy = POLICY_NAMES.find((each) => token(each) === type);
  if (!policy) {
    throw new Error(
      `this plugin has no component ${type}; check that the versions of the plugin and of the SDK match`,
    );
  }
  const created = reported(() => {
    refuseOutputs(policy, inputs);
    return new (policies()[policy])(name, inputs as never, options);
  });
  const { verify } = created as { readonly verify?: unknown };
  return { urn: created.urn, state: verify === undefined ? {} : { verify } };
}

function refuseOutputs(policy: keyof PolicyComponents, inputs: Inputs): void {
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
