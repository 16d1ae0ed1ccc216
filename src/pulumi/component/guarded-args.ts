import * as pulumi from '@pulumi/pulumi';

import { isSecretReference } from '../../sign/key/shown-reference';
import type { SignedImageArgs } from './args';

const OBJECTS = [
  'build',
  'key',
  'keyless',
  'sigstore',
  'source',
  'provenance',
  'registry',
  'verify',
] as const;

/**
 * The arguments with every secret marked as one, whether the program marked it or not. An object
 * that is an output as a whole is refused: a component must see which of its members were given.
 */
export function guarded(args: SignedImageArgs): SignedImageArgs {
  const errors: pulumi.InputPropertyErrorDetails[] = OBJECTS.filter((name) =>
    pulumi.Output.isInstance(args[name]),
  ).map((name) => ({
    propertyPath: name,
    reason: 'is an output as a whole; give an object whose members are outputs',
  }));
  if (pulumi.Output.isInstance(args.build?.builder)) {
    errors.push({ propertyPath: 'build.builder', reason: 'must be known when the program runs' });
  }
  if (errors.length > 0)
    throw new pulumi.InputPropertiesError({ message: 'invalid arguments', errors });

  const { key, registry, build } = args;
  return {
    ...args,
    ...(key && {
      key: {
        ...key,
        ref: secretKeyText(key.ref),
        ...(key.password !== undefined && { password: pulumi.secret(key.password) }),
      },
    }),
    ...(registry?.password !== undefined && {
      registry: { ...registry, password: pulumi.secret(registry.password) },
    }),
    ...(build?.secrets !== undefined && {
      build: { ...build, secrets: pulumi.secret(build.secrets) },
    }),
  };
}

/** PEM text is the key itself, and a PIN opens it; a path or `env://NAME` only says where it is. */
function secretKeyText(ref: pulumi.Input<string>): pulumi.Output<string> {
  const text = pulumi.output(ref);
  return text.apply((value) => (isSecretReference(value ?? '') ? pulumi.secret(value) : text));
}
