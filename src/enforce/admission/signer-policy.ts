import { createPublicKey, type KeyObject } from 'node:crypto';

import { distinct, InvalidInputError, type Problem, SignedImageError } from '../../error';
import { normalizePem, pemFault } from '../../host/pem-text';
import { parseBoundedJson } from '../../http/json-bounds';
import {
  parseTrustedRoot,
  publicKeyOf,
  type SignatureFormat,
  TRUSTED_ROOT_MEDIA_TYPE,
} from '../../sign';
import { CLAIM_NAMES, type ClaimName } from '../../verify/certificate-claims';
import { identityProblems } from '../../verify/trusted-identity';
import { type ImagePattern, parseImagePattern } from './image-pattern';
import { type Manifest, nameFault, namespaceProblems } from './manifest';
import {
  claimProblems,
  type IdentityConditions,
  identityConditions,
  type PolicyIdentity,
} from './signer-pattern';
import { listProblems, type Members, type MembersOf, misspeltMembers } from './policy-members';
import { type TrustMaterialParts, trustMaterialParts } from './trust-material';

/** What the provenance of an image must contain. */
export interface PolicyProvenance {
  /** Required `runDetails.builder.id` of the SLSA provenance. Default: any, but provenance is required. */
  readonly builderId?: string;
}

/** The signers whose images a cluster admits; the same for every policy engine. */
export interface SignerPolicyArgs {
  /** Name, or name prefix, of the objects. */
  readonly name: string;
  /** Public keys in PEM; a signature by any of the keys and identities is sufficient. */
  readonly keys?: readonly string[];
  /** Keyless signers. */
  readonly identities?: readonly PolicyIdentity[];
  /** Images that the policy applies to: `registry.example.com/team/app`, `registry.example.com/team/*`. */
  readonly images: readonly string[];
  /** Storage format of the signatures: `bundle`, `legacy` or `both`. Default: `bundle`. */
  readonly format?: string;
  /**
   * Required transparency of a signature: `log`, `timestamp`, or for keys `none`. Default: `log` with
   * identities, otherwise `none`.
   */
  readonly transparency?: string;
  /** JSON text of the trusted root of a private Sigstore instance. Default: the public-good instance. */
  readonly trustedRoot?: string;
  /** Annotations that must be signed. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Required provenance. Default: provenance is not verified. */
  readonly provenance?: PolicyProvenance;
  /** Namespaces that the policy applies to; `*` for all. Default: all but `kube-system`. */
  readonly namespaces?: readonly string[];
  /** `Deny`, `Warn` or `Audit`. Default: `Deny`. */
  readonly action?: string;
}

const CLAIMS = Object.fromEntries(CLAIM_NAMES.map((name) => [name, 'any'])) as Readonly<
  Record<ClaimName, 'any'>
>;

/** The arguments that all engines have. */
export const SIGNER_POLICY_MEMBERS: MembersOf<SignerPolicyArgs> = {
  name: 'any',
  keys: 'any',
  identities: {
    identity: 'any',
    identityPattern: 'any',
    issuer: 'any',
    issuerPattern: 'any',
    claims: CLAIMS,
    claimPatterns: CLAIMS,
  },
  images: 'any',
  format: 'any',
  transparency: 'any',
  trustedRoot: 'any',
  annotations: 'any',
  provenance: { builderId: 'any' },
  namespaces: 'any',
  action: 'any',
};

/** A private Sigstore instance. */
export interface OwnInstance {
  /** The trusted root as declared, for engines that use it as a whole. */
  readonly json: string;
  readonly parts: TrustMaterialParts;
}

/** Validated `SignerPolicyArgs`. */
export interface SignerPolicy {
  readonly name: string;
  /** PEM of SubjectPublicKeyInfo. */
  readonly keys: readonly string[];
  readonly identities: readonly IdentityConditions[];
  readonly images: readonly ImagePattern[];
  readonly format: SignatureFormat;
  readonly transparency: 'log' | 'timestamp' | 'none';
  /** `undefined`: the public-good instance. */
  readonly instance: OwnInstance | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly provenance: PolicyProvenance | undefined;
  readonly namespaces: readonly string[] | undefined;
  readonly action: 'Deny' | 'Warn' | 'Audit';
}

/** Objects for a policy engine, and warnings about requirements that the engine does not check. */
export interface PolicyManifests {
  readonly manifests: readonly Manifest[];
  readonly warnings: readonly string[];
}

const FORMATS = ['bundle', 'legacy', 'both'] as const;
const TRANSPARENCIES = ['log', 'timestamp', 'none'] as const;
const ACTIONS = ['Deny', 'Warn', 'Audit'] as const;

type Report = (property: string, message: string, code?: Problem['code']) => void;

function oneOf<T extends string>(
  values: readonly T[],
  given: string | undefined,
  fallback: T,
  property: string,
  report: Report,
): T {
  if (given === undefined) return fallback;
  const value = values.find((each) => each === given);
  if (value === undefined) report(property, `must be one of ${values.join(', ')}`);
  return value ?? fallback;
}

function keyOf(text: string, property: string, report: Report): string {
  if (text.includes('PRIVATE KEY')) {
    report(property, 'is a private key; use the public key: `signed-image keys public`');
    return '';
  }
  let key: KeyObject;
  try {
    key = createPublicKey(normalizePem(text));
  } catch {
    const fault = pemFault(text);
    const why = fault === undefined ? '' : `: ${fault}`;
    report(property, `must be a public key in PEM (-----BEGIN PUBLIC KEY-----)${why}`);
    return '';
  }
  try {
    return publicKeyOf(key).pem;
  } catch (error) {
    report(property, error instanceof Error ? error.message : 'is not usable', 'KEY_UNSUPPORTED');
    return '';
  }
}

function instanceOf(json: string, report: Report): OwnInstance | undefined {
  try {
    const root = parseTrustedRoot(json);
    const plain = parseBoundedJson(json) as object;
    return {
      // The media type that every engine accepts.
      json: JSON.stringify({ ...plain, mediaType: TRUSTED_ROOT_MEDIA_TYPE }),
      parts: trustMaterialParts(root),
    };
  } catch (error) {
    if (!(error instanceof SignedImageError)) throw error;
    report('trustedRoot', error.message, error.code);
    return undefined;
  }
}

function imagesOf(images: readonly string[], report: Report): readonly ImagePattern[] {
  if (images.length === 0) report('images', 'is empty: the policy would not apply to any image');
  return images.flatMap((text, index) => {
    const pattern = parseImagePattern(text);
    if (!('fault' in pattern)) return [pattern];
    report(`images[${index}]`, `${JSON.stringify(text.slice(0, 200))} ${pattern.fault}`);
    return [];
  });
}

function checkSigners(
  { keys, identities, transparency }: SignerPolicyArgs,
  report: Report,
  meansIdentities: boolean,
): void {
  if (!keys?.length && !identities?.length) {
    if (meansIdentities) return;
    report(
      'keys',
      'keys or identities are required: without them, the policy would admit everything',
    );
  } else if (keys?.length === 0) report('keys', 'is empty: leave it out, or add a key');
  else if (identities?.length === 0)
    report('identities', 'is empty: leave it out, or add an identity');
  if (identities?.length && transparency === 'none') {
    report(
      'transparency',
      'cannot be "none" with identities: a log or a timestamp must prove when their short-lived certificates were used',
    );
  }
}

/** Whether a text has an unpaired surrogate, which neither YAML nor CEL can represent. */
const isBroken = (text: string): boolean => /\p{Cs}/u.test(text);
const BROKEN = 'is not well-formed Unicode';

function checkPairs({ annotations = {}, provenance }: SignerPolicyArgs, report: Report): void {
  for (const [key, value] of Object.entries(annotations)) {
    if (key === '' || typeof value !== 'string')
      report(`annotations.${key}`, 'must have a name and a string value');
    else if (isBroken(key) || isBroken(value)) report(`annotations.${key}`, BROKEN);
  }
  if (provenance?.builderId?.trim() === '')
    report('provenance.builderId', 'is empty: leave it out for any builder');
  if (isBroken(provenance?.builderId ?? '')) report('provenance.builderId', BROKEN);
}

/**
 * Parses and validates the arguments of a policy.
 *
 * @param members the arguments of the engine
 * @param further problems of arguments that only this engine has
 * @throws InvalidInputError with all problems
 */
export function signerPolicy(
  args: SignerPolicyArgs,
  members: Members = SIGNER_POLICY_MEMBERS,
  further: readonly Problem[] = [],
): SignerPolicy {
  const misspelt = misspeltMembers(args, members);
  const { isMeant } = misspelt;
  const problems: Problem[] = [...misspelt.problems];
  const lists = listProblems(args);
  if (lists.length > 0) {
    const others = lists.filter(({ property }) => !isMeant(property));
    throw new InvalidInputError([...problems, ...others]);
  }
  const report: Report = (property, message, code = 'INPUT_INVALID') => {
    if (!isMeant(property)) problems.push({ property, code, message });
  };
  const { keys = [], identities = [] } = args;
  const fault = nameFault(args.name);
  if (fault !== undefined) report('name', fault);
  checkSigners(args, report, isMeant('identities'));
  checkPairs(args, report);
  const defaultTransparency = identities.length > 0 ? 'log' : 'none';
  const policy: SignerPolicy = {
    name: args.name,
    keys: keys.map((text, index) => keyOf(text, `keys[${index}]`, report)),
    identities: identities.map(identityConditions),
    images: imagesOf(args.images, report),
    format: oneOf(FORMATS, args.format, 'bundle', 'format', report),
    transparency: oneOf(
      TRANSPARENCIES,
      args.transparency,
      defaultTransparency,
      'transparency',
      report,
    ),
    instance: args.trustedRoot === undefined ? undefined : instanceOf(args.trustedRoot, report),
    annotations: args.annotations ?? {},
    provenance: args.provenance,
    namespaces: args.namespaces,
    action: oneOf(ACTIONS, args.action, 'Deny', 'action', report),
  };
  problems.push(
    ...identities
      .flatMap((each, index) => identityProblems(each, `identities[${index}]`))
      .filter(({ property }) => !isMeant(property)),
    ...namespaceProblems(args.namespaces),
    // What the default requires was not declared.
    ...(isMeant('transparency') ? [] : instanceProblems(policy)),
    ...further,
  );
  if (problems.length > 0) throw new InvalidInputError(distinct(problems));
  return policy;
}

/** Reports what the policy requires and the private instance does not have. */
function instanceProblems({ instance, identities, transparency }: SignerPolicy): Problem[] {
  if (instance === undefined) return [];
  const { authorities, logs, timestampAuthorities } = instance.parts;
  const missing = (what: string): Problem => ({
    property: 'trustedRoot',
    code: 'TRUSTED_ROOT_INVALID',
    message: `has no ${what}, which the policy requires; create the trusted root with \`cosign trusted-root create\``,
  });
  return [
    ...(identities.length > 0 && authorities.length === 0
      ? [missing('certificate authority')]
      : []),
    ...(transparency === 'log' && logs.length === 0 ? [missing('transparency log')] : []),
    ...(transparency === 'timestamp' && timestampAuthorities.length === 0
      ? [missing('timestamp authority')]
      : []),
  ];
}

/** The annotation with the requirements that an object does not check. */
const NOTES = 'signed-image/notes';

/** Creates the metadata of an object, with the warnings for readers in the cluster. */
export function policyMetadata(name: string, warnings: readonly string[]): Manifest['metadata'] {
  return {
    name,
    annotations: {
      'signed-image/description':
        'Generated by pulumi-signed-image from one configuration of signers.',
      ...(warnings.length > 0 && { [NOTES]: warnings.join('\n') }),
    },
  };
}

/** @throws InvalidInputError with each claim that is required, for an engine that does not compare claims */
export function rejectClaims({ identities }: SignerPolicy, engine: string): void {
  const problems = claimProblems(
    identities,
    `cannot be checked: ${engine} compares only the subject and the issuer of a certificate; leave it out, and name the workflow with its ref in \`identity\` or \`identityPattern\``,
  );
  if (problems.length > 0) throw new InvalidInputError(problems);
}

/** Creates the error for a requirement that a policy engine does not support. */
export function unsupported(property: string, message: string): InvalidInputError {
  return new InvalidInputError([{ property, code: 'INPUT_INVALID', message }]);
}
