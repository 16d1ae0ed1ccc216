import * as pulumi from '@pulumi/pulumi';

import { INPUT_TYPES } from '../secrecy/input-table';
import type { SignedImageArgs } from './args';

type Paths = { nonsecret: pulumi.Output<string[]> } | Record<string, never>;

/** What `nonsecret` of the component says of the inputs of one resource that start with these names. */
export function nonsecretOf({ nonsecret }: SignedImageArgs, names: readonly string[]): Paths {
  return mapped(nonsecret, (path) => (names.includes(firstName(path)) ? [path] : []));
}

/**
 * The same for the verification, whose inputs are those of `verify` joined with what was signed: one
 * secret among them makes the whole list secret. The plan has checked each of them by its path.
 */
export function nonsecretOfVerification({ nonsecret }: SignedImageArgs): Paths {
  return mapped(nonsecret, (path) => {
    if (path === 'format') return [path];
    if (path === 'verify') return Object.keys(INPUT_TYPES.VerifyArgs);
    return firstName(path) === 'verify' ? [firstName(path.slice('verify.'.length))] : [];
  });
}

function mapped(
  nonsecret: SignedImageArgs['nonsecret'],
  select: (path: string) => readonly string[],
): Paths {
  if (nonsecret === undefined) return {};
  // JavaScript programs may hand over any value. The plan has all of it, and refuses what is not a list of texts.
  const paths = pulumi.output(nonsecret).apply((all: unknown) => {
    const texts: readonly unknown[] = Array.isArray(all) ? all : [];
    return [...new Set(texts.filter((path) => typeof path === 'string').flatMap(select))];
  });
  return { nonsecret: paths };
}

function firstName(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? '';
}
