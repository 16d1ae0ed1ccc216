import * as pulumi from '@pulumi/pulumi';

import { guardedArguments, isEventual } from '../secrecy/guarded-arguments';
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
 * that is an output or a promise as a whole is refused: a component must see which of its members were
 * given, and which builder is to be checked against them.
 */
export function guarded(args: SignedImageArgs): SignedImageArgs {
  const errors: pulumi.InputPropertyErrorDetails[] = OBJECTS.filter((name) =>
    isEventual(args[name]),
  ).map((name) => ({
    propertyPath: name,
    reason:
      'is an output, a secret or a promise as a whole; give an object whose members are outputs',
  }));
  // The members of an output are outputs, too: of these only the whole is reported.
  const build = isEventual(args.build) ? undefined : args.build;
  if (isEventual(build?.builder)) {
    errors.push({ propertyPath: 'build.builder', reason: 'must be known when the program runs' });
  } else if (build) errors.push(...refusedByProvider(build));
  if (errors.length > 0)
    throw new pulumi.InputPropertiesError({ message: 'invalid arguments', errors });

  return guardedArguments('SignedImage', args);
}
