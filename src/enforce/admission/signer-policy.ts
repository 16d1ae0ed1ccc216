import { createPublicKey, type KeyObject } from 'node:crypto';

import { InvalidInputError, type Problem, SignedImageError } from '../../error';
import { normalizePem, pemFault } from '../../host/pem-text';
import { parseBoundedJson } from '../../http/json-bounds';
import {
  parseTrustedRoot,
  publicKeyOf,
  type SignatureFormat,
  TRUSTED_ROOT_MEDIA_TYPE,
} from '../../sign';
import { type ImagePattern, parseImagePattern } from './image-pattern';
import { type Manifest, nameFault, namespaceProblems } from './manifest';
import {
  type IdentityMatcher,
  identityMatcher,
  identityProblems,
  type PolicyIdentity,
} from './signer-pattern';
import { type TrustMaterialParts, trustMaterialParts } from './trust-material';

/** What the provenance of an image must say. */
export interface PolicyProvenance {
  /** `runDetails.builder.id` of the SLSA provenance. Default: any, but a provenance must be there. */
  readonly builderId?: string;
}

/** Whose images a cluster is to run; the same for every policy engine. */
export interface SignerPolicyArgs {
  /** Name of the objects, or how their names begin. */
  readonly name: string;
  /** Public keys in PEM; a signature of any of the keys and identities is enough. */
  readonly keys?: readonly string[];
  readonly identities?: readonly PolicyIdentity[];
  /** Images that the policy holds for: `registry.example.com/team/app`, `registry.example.com/team/*`. */
  readonly images: readonly string[];
  /** How they were signed: `bundle`, `legacy` or `both`. Default: `bundle`. */
  readonly format?: string;
  /**
   * What must witness a signature: `log`, `timestamp`, or for keys `none`. Default: `log` with
   * identities, else `none`.
   */
  readonly transparency?: string;
  /** JSON of the trusted root of an own Sigstore instance. Default: the public instance. */
  readonly trustedRoot?: string;
  /** Pairs that must be signed. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Default: provenance is not looked at. */
  readonly provenance?: PolicyProvenance;
  /** Namespaces that the policy holds for; `*` for all. Default: all but `kube-system`. */
  readonly namespaces?: readonly string[];
  /** `Deny`, `Warn` or `Audit`. Default: `Deny`. */
  readonly action?: string;
}

/** An own Sigstore instance. */
export interface OwnInstance {
  /** As it was given, for engines that take it whole. */
  readonly json: string;
  readonly parts: TrustMaterialParts;
}

/** A `SignerPolicyArgs` without problems. */
export interface SignerPolicy {
  readonly name: string;
  /** PEM of SubjectPublicKeyInfo. */
  readonly keys: readonly string[];
  readonly identities: readonly IdentityMatcher[];
  readonly images: readonly ImagePattern[];
  readonly format: SignatureFormat;
  readonly transparency: 'log' | 'timestamp' | 'none';
  /** `undefined`: the public instance. */
  readonly instance: OwnInstance | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly provenance: PolicyProvenance | undefined;
  readonly namespaces: readonly string[] | undefined;
  readonly action: 'Deny' | 'Warn' | 'Audit';
}

/** Objects for a policy engine, and what it does not check although it was asked to. */
export interface PolicyManifests {
  readonly manifests: readonly Manifest[];
  readonly warnings: readonly string[];
}

const FORMATS = ['bundle', 'legacy', 'both'] as const;
const WITNESSES = ['log', 'timestamp', 'none'] as const;
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
    report(property, 'is a private key; give the public one: `signed-image keys public`');
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
      // The name of the format that every engine takes.
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
  if (images.length === 0) report('images', 'is empty: the policy would hold for nothing');
  return images.flatMap((text, index) => {
    const pattern = parseImagePattern(text);
    if (!('fault' in pattern)) return [pattern];
    report(`images[${index}]`, `${JSON.stringify(text.slice(0, 200))} ${pattern.fault}`);
    return [];
  });
}

function checkSigners({ keys, identities, transparency }: SignerPolicyArgs, report: Report): void {
  if (!keys?.length && !identities?.length) {
    report('keys', 'nobody is named: the policy would admit everything; give keys or identities');
  } else if (keys?.length === 0) report('keys', 'is empty: leave it out, or give a key');
  else if (identities?.length === 0)
    report('identities', 'is empty: leave it out, or give an identity');
  if (identities?.length && transparency === 'none') {
    report(
      'transparency',
      'cannot be "none" with identities: without a log or a timestamp nothing says when their short-lived certificates were used',
    );
  }
}

/** Half of a surrogate pair: neither YAML nor CEL can hold it. */
const isBroken = (text: string): boolean => /\p{Cs}/u.test(text);
const BROKEN = 'is not well-formed Unicode';

function checkPairs({ annotations = {}, provenance }: SignerPolicyArgs, report: Report): void {
  for (const [key, value] of Object.entries(annotations)) {
    if (key === '' || typeof value !== 'string')
      report(`annotations.${key}`, 'must be a name and a text');
    else if (isBroken(key) || isBroken(value)) report(`annotations.${key}`, BROKEN);
  }
  if (provenance?.builderId?.trim() === '')
    report('provenance.builderId', 'is empty: leave it out for any builder');
  if (isBroken(provenance?.builderId ?? '')) report('provenance.builderId', BROKEN);
}

/**
 * Reads what a policy is made of.
 *
 * @throws InvalidInputError with all that is wrong
 */
export function signerPolicy(args: SignerPolicyArgs): SignerPolicy {
  const problems: Problem[] = [];
  const report: Report = (property, message, code = 'INPUT_INVALID') => {
    problems.push({ property, code, message });
  };
  const { keys = [], identities = [] } = args;
  const fault = nameFault(args.name);
  if (fault !== undefined) report('name', fault);
  checkSigners(args, report);
  checkPairs(args, report);
  const witness = identities.length > 0 ? 'log' : 'none';
  const policy: SignerPolicy = {
    name: args.name,
    keys: keys.map((text, index) => keyOf(text, `keys[${index}]`, report)),
    identities: identities.map(identityMatcher),
    images: imagesOf(args.images, report),
    format: oneOf(FORMATS, args.format, 'bundle', 'format', report),
    transparency: oneOf(WITNESSES, args.transparency, witness, 'transparency', report),
    instance: args.trustedRoot === undefined ? undefined : instanceOf(args.trustedRoot, report),
    annotations: args.annotations ?? {},
    provenance: args.provenance,
    namespaces: args.namespaces,
    action: oneOf(ACTIONS, args.action, 'Deny', 'action', report),
  };
  problems.push(
    ...identities.flatMap((each, index) => identityProblems(each, `identities[${index}]`)),
    ...namespaceProblems(args.namespaces),
    ...instanceProblems(policy),
  );
  if (problems.length > 0) throw new InvalidInputError(problems);
  return policy;
}

/** What an own instance lacks of what the policy asks for. */
function instanceProblems({ instance, identities, transparency }: SignerPolicy): Problem[] {
  if (instance === undefined) return [];
  const { authorities, logs, timestampAuthorities } = instance.parts;
  const lacks = (what: string): Problem => ({
    property: 'trustedRoot',
    code: 'TRUSTED_ROOT_INVALID',
    message: `names no ${what}, and the policy needs one; make one with \`cosign trusted-root create\``,
  });
  return [
    ...(identities.length > 0 && authorities.length === 0 ? [lacks('certificate authority')] : []),
    ...(transparency === 'log' && logs.length === 0 ? [lacks('transparency log')] : []),
    ...(transparency === 'timestamp' && timestampAuthorities.length === 0
      ? [lacks('timestamp authority')]
      : []),
  ];
}

/** The annotation in which an object says what is not checked by it. */
const NOTES = 'signed-image/notes';

/** Metadata of an object, with the warnings in it: for whoever reads it in the cluster. */
export function policyMetadata(name: string, warnings: readonly string[]): Manifest['metadata'] {
  return {
    name,
    annotations: {
      'signed-image/description': 'Made by pulumi-signed-image from one configuration of signers.',
      ...(warnings.length > 0 && { [NOTES]: warnings.join('\n') }),
    },
  };
}

/** A consumer that cannot do what was asked. */
export function unsupported(property: string, message: string): InvalidInputError {
  return new InvalidInputError([{ property, code: 'INPUT_INVALID', message }]);
}
