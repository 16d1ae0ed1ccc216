import * as pulumi from '@pulumi/pulumi';

import { guardedArguments } from '../secrecy/guarded-arguments';
import type { SignedImageArgs } from './args';
import { refusedByProvider } from './provider-builders';

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
    reason: 'is an output (or a secret) as a whole; give an object whose members are outputs',
  }));
  // The members of an output are outputs, too: of these only the whole is reported.
  const build = pulumi.Output.isInstance(args.build) ? undefined : args.build;
  if (pulumi.Output.isInstance(build?.builder)) {
    errors.push({ propertyPath: 'build.builder', reason: 'must be known when the program runs' });
  } else if (build) errors.push(...refusedByProvider(build));
  if (errors.length > 0)
    throw new pulumi.InputPropertiesError({ message: 'invalid arguments', errors });

  return guardedArguments('SignedImage', args);
}
