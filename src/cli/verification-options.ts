import type { PolicyFile } from '../audit';
import type { VerificationPolicyArgs } from '../core';
import type { PredicateTypeName } from '../attest';
import { SignedImageError } from '../error';
import type { CommandContext } from './command';
import { IDENTITY_OPTIONS, identitiesOf } from './identity-options';
import { modules } from './modules';
import { inGroup, type Options, type OptionValues, UsageError } from './options';

/** Here and not from the table of predicate types: the list of commands loads no other module. */
const PREDICATE_TYPE_NAMES: Readonly<Record<PredicateTypeName, true>> = {
  slsaprovenance: true,
  slsaprovenance02: true,
  slsaprovenance1: true,
  spdx: true,
  spdxjson: true,
  cyclonedx: true,
  vuln: true,
  openvex: true,
  link: true,
  custom: true,
};

/** The short names of predicate types, for texts. */
export const TYPE_NAMES = Object.keys(PREDICATE_TYPE_NAMES).join(', ');

const POLICY = 'Policy (at least one key or identity, or requirements in the file)';

/** The options that declare a verification policy. */
export const POLICY_OPTIONS = {
  key: {
    type: 'string',
    value: 'REF',
    multiple: true,
    isPath: true,
    group: POLICY,
    about: 'trusted public key: a path, or a reference as in key.ref',
  },
  ...inGroup(POLICY, IDENTITY_OPTIONS),
  annotation: {
    type: 'string',
    value: 'NAME=VALUE',
    multiple: true,
    group: POLICY,
    about: 'required signed annotation',
  },
  transparency: {
    type: 'string',
    value: 'MODE',
    choices: ['log', 'timestamp', 'none'],
    group: POLICY,
    absent: 'log with an identity, otherwise none',
    about: 'required transparency',
  },
  'signature-format': {
    type: 'string',
    value: 'FORMAT',
    choices: ['any', 'bundle', 'legacy', 'both'],
    group: POLICY,
    absent: 'any',
    about: 'required storage format',
  },
  'builder-id': {
    type: 'string',
    value: 'URI',
    group: POLICY,
    about: 'required builder in the signed provenance',
  },
  'trusted-root': {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: POLICY,
    about: 'trusted root of a private Sigstore instance',
  },
  'no-platforms': {
    type: 'boolean',
    group: POLICY,
    about: 'do not require signatures of platform manifests',
  },
  policy: {
    type: 'string',
    value: 'FILE',
    isPath: true,
    group: POLICY,
    about:
      'policy as JSON, with the inputs of VerifiedImage, also `require`; "-" for standard input',
  },
} as const satisfies Options;

/** The values of these options. */
export type PolicyOptions = OptionValues<typeof POLICY_OPTIONS>;

/** `name=value`, at the first `=`. */
export function pair(option: string, text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`--${option} ${text}: expected two parts separated by "="`);
}

/**
 * Reads a file, or standard input for `-`.
 *
 * @throws SignedImageError `INPUT_INVALID`
 */
export async function textOf(
  option: string,
  path: string,
  context: CommandContext,
): Promise<string> {
  if (path === '') throw new UsageError(`--${option} must not be empty`);
  const text = await inputText(option, path, context);
  if (!text.includes('\0')) return text;
  throw new SignedImageError({
    code: 'INPUT_INVALID',
    message: `--${option}: ${nameOfInput(path)} is not UTF-8 text; Windows PowerShell redirects output as UTF-16: write the file with an option of the command instead, such as \`pulumi stack export --file\``,
  });
}

const nameOfInput = (path: string): string => (path === '-' ? 'standard input' : path);

async function inputText(
  option: string,
  path: string,
  { terminal, host }: CommandContext,
): Promise<string> {
  try {
    return await (path === '-' ? terminal.readInput() : host.readFile(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code ?? (error instanceof RangeError ? 'it is too long' : 'unknown reason');
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `--${option}: ${nameOfInput(path)} cannot be read (${reason})`,
      cause: error,
    });
  }
}

/** Whether a policy is declared, even one that requires nothing. */
export function declaresPolicy(options: PolicyOptions): boolean {
  return Object.keys(POLICY_OPTIONS).some(
    (name) => options[name as keyof PolicyOptions] !== undefined,
  );
}

/** Merges the options into the policy file: lists are extended, other values are replaced. */
export function policyOf(
  options: PolicyOptions,
  { policy: file }: PolicyFile,
): VerificationPolicyArgs {
  const { transparency, 'signature-format': format } = options;
  const builderId = options['builder-id'];
  const trustedRoot = options['trusted-root'];
  const annotations = (options.annotation ?? []).map((each) => pair('annotation', each));
  return {
    ...file,
    keys: [...(file.keys ?? []), ...(options.key ?? [])],
    identities: [...(file.identities ?? []), ...identitiesOf(options)],
    // Not an empty object: with `require` and without own signers, annotations are refused.
    ...((file.annotations !== undefined || annotations.length > 0) && {
      annotations: { ...file.annotations, ...Object.fromEntries(annotations) },
    }),
    // Invalid values are reported when the policy is loaded.
    ...(format !== undefined && { format: format as VerificationPolicyArgs['format'] }),
    ...(transparency !== undefined && {
      transparency: transparency as VerificationPolicyArgs['transparency'],
    }),
    ...(builderId !== undefined && { provenance: { ...file.provenance, builderId } }),
    ...(trustedRoot !== undefined && { sigstore: { trustedRoot } }),
    ...(options['no-platforms'] === true && { platforms: false }),
  };
}

/**
 * Reads the policy file, if there is one.
 *
 * @throws SignedImageError `INPUT_INVALID`
 */
export async function policyFileOf(
  { policy: path }: PolicyOptions,
  context: CommandContext,
): Promise<PolicyFile> {
  if (path === undefined) return { policy: {}, exempt: [] };
  return modules.audit().parsePolicyFile(await textOf('policy', path, context));
}
