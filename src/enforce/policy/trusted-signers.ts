import { json } from '@sigstore/core';

import type { Problem } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { publicKeyFromPem } from '../../sign';
import { compilePattern } from '../../verify/identity-pattern';
import { IdentityMatcher } from '../../verify/identity-matcher';
import { claimEntries, identityProblems } from '../../verify/trusted-identity';
import type { PolicyIdentity } from '../admission/signer-pattern';
import { isObject, type Properties, UNKNOWN } from '../workload';

/** The signers that the policy trusts, as configured. */
export interface TrustedSignersConfig {
  /** Public keys in PEM. */
  readonly trustedKeys?: readonly string[];
  readonly identities?: readonly PolicyIdentity[];
  /** JSON texts of trusted roots. Default: only identities of the public-good instance are trusted. */
  readonly trustedRoots?: readonly string[];
}

const invalid = (property: string, message: string): Problem => ({
  property,
  code: 'INPUT_INVALID',
  message,
});

/** Returns the id of a public key in PEM; `undefined` for a path, a reference or anything else. */
function keyIdOf(text: string): string | undefined {
  if (text.includes('PRIVATE KEY')) return undefined;
  try {
    return publicKeyFromPem(text).keyId;
  } catch {
    return undefined;
  }
}

/** Returns the canonical JSON of an object; `undefined` if the text is not a JSON object. */
function canonicalJson(text: string): string | undefined {
  try {
    const value = parseBoundedJson(text);
    return isObject(value) ? json.canonicalize(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Validates a configuration of signers. */
export function trustedSignersProblems(config: TrustedSignersConfig): readonly Problem[] {
  const { trustedKeys, identities, trustedRoots } = config;
  const empty = (['trustedKeys', 'identities', 'trustedRoots'] as const)
    .filter((member) => config[member]?.length === 0)
    .map((member) => invalid(member, 'is empty: leave it out, or add an item'));
  return [
    ...empty,
    ...(trustedKeys ?? []).flatMap((text, at) =>
      keyIdOf(text) === undefined
        ? [
            invalid(
              `trustedKeys[${at}]`,
              'must be a public key in PEM (-----BEGIN PUBLIC KEY-----)',
            ),
          ]
        : [],
    ),
    ...(identities ?? []).flatMap((each, at) => identityProblems(each, `identities[${at}]`)),
    ...(trustedRoots ?? []).flatMap((text, at) =>
      canonicalJson(text) === undefined
        ? [invalid(`trustedRoots[${at}]`, 'must be the JSON text of a trusted root')]
        : [],
    ),
  ];
}

const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const member = (value: unknown, name: string): unknown =>
  isObject(value) ? value[name] : undefined;

const SIDES = ['identity', 'identityPattern', 'issuer', 'issuerPattern'] as const;

type Declared = Readonly<Record<string, unknown>>;

const shown = (declared: Declared, side: 'identity' | 'issuer'): string =>
  JSON.stringify(declared[side] ?? declared[`${side}Pattern`]);

/** Whether everything that a declared text or pattern accepts is accepted by a text or pattern of the policy. */
function covers(
  exact: string | undefined,
  pattern: string | undefined,
  declared: unknown,
  declaredPattern: unknown,
): boolean {
  if (typeof declared === 'string') {
    if (pattern === undefined) return declared === exact;
    const compiled = compilePattern(pattern);
    return 'matches' in compiled && compiled.matches(declared);
  }
  // Another pattern may accept other texts too.
  return typeof declaredPattern === 'string' && declaredPattern === pattern;
}

function coversSides(trusted: PolicyIdentity, declared: Declared): boolean {
  return (['identity', 'issuer'] as const).every((side) =>
    covers(trusted[side], trusted[`${side}Pattern`], declared[side], declared[`${side}Pattern`]),
  );
}

/** Returns a claim that the policy requires and a declared identity does not; a preview may not know it. */
function uncoveredClaim(
  { claims, claimPatterns }: PolicyIdentity,
  given: unknown,
): string | undefined {
  const [exact, patterns] = [member(given, 'claims'), member(given, 'claimPatterns')];
  const isCovered = (name: string, text?: string, pattern?: string): boolean => {
    const declared = member(exact, name);
    const isUnknown = [exact, patterns, declared, member(patterns, name)].includes(UNKNOWN);
    return isUnknown || covers(text, pattern, declared, member(patterns, name));
  };
  return (
    claimEntries(claims).find(([name, text]) => !isCovered(name, text))?.[0] ??
    claimEntries(claimPatterns).find(([name, text]) => !isCovered(name, undefined, text))?.[0]
  );
}

/** Compares the signers that a verification trusts, or has found, with the signers that the policy trusts. */
export class TrustedSigners {
  readonly #keyIds: ReadonlySet<string>;
  readonly #identities: readonly PolicyIdentity[];
  readonly #roots: ReadonlySet<string>;

  /** @param config a valid configuration */
  constructor({ trustedKeys = [], identities = [], trustedRoots = [] }: TrustedSignersConfig) {
    this.#keyIds = new Set(trustedKeys.flatMap((text) => keyIdOf(text) ?? []));
    this.#identities = identities;
    this.#roots = new Set(trustedRoots.flatMap((text) => canonicalJson(text) ?? []));
  }

  /**
   * Returns why a verification could succeed for a signer that the policy does not trust; `undefined` if
   * it could not, or if it is not known in a preview. A signature by any of its trusted signers is
   * sufficient for a verification, so the policy must trust each of them.
   */
  problemOfInputs(inputs: Properties): string | undefined {
    const { keys, trustedKeys, identities, sigstore } = inputs;
    if ([keys, trustedKeys, identities].every((each) => each === undefined))
      return 'has no trusted signers';
    const windows = items(trustedKeys)
      .filter((each) => member(each, 'retired') !== true)
      .map((each) => member(each, 'key'));
    const problems = [
      ...[...items(keys), ...windows].map((key) => this.#keyProblem(key)),
      ...items(identities).map((each) => this.#identityProblem(each)),
      ...(items(identities).length > 0 ? [this.#rootProblem(sigstore)] : []),
    ];
    return problems.find((problem) => problem !== undefined);
  }

  /** Returns why the signer that a verification found is not trusted; `undefined` if it is, or is not known yet. */
  problemOfSigner(signer: unknown): string | undefined {
    if (signer === UNKNOWN) return undefined;
    const publicKey = member(signer, 'publicKey');
    return publicKey === undefined ? this.#signerProblem(signer) : this.#keyProblem(publicKey);
  }

  #keyProblem(key: unknown): string | undefined {
    if (key === UNKNOWN) return undefined;
    const keyId = typeof key === 'string' ? keyIdOf(key) : undefined;
    if (keyId === undefined)
      return 'trusts a key that the policy cannot compare; use the PEM text of the key in the verification';
    return this.#keyIds.has(keyId)
      ? undefined
      : `trusts the key ${keyId}, which is not among the \`trustedKeys\` of the policy`;
  }

  /** Returns why an identity that a verification trusts is not at least as strict as one of the policy. */
  #identityProblem(given: unknown): string | undefined {
    if (given === UNKNOWN) return undefined;
    const declared = Object.fromEntries(SIDES.map((name) => [name, member(given, name)]));
    if (Object.values(declared).includes(UNKNOWN)) return undefined;
    const near = this.#identities.filter((each) => coversSides(each, declared));
    if (near.length === 0) {
      return `trusts the identity ${shown(declared, 'identity')} of ${shown(declared, 'issuer')}, which is not among the \`identities\` of the policy`;
    }
    const missing = near.map((each) => uncoveredClaim(each, given));
    if (missing.includes(undefined)) return undefined;
    return `trusts the identity ${shown(declared, 'identity')} without the claim ${missing[0]} that the policy requires`;
  }

  /** The claims of the signer were verified with the inputs, which `problemOfInputs` compares. */
  #signerProblem(signer: unknown): string | undefined {
    const [identity, issuer] = [member(signer, 'identity'), member(signer, 'issuer')];
    if ([identity, issuer].includes(UNKNOWN)) return undefined;
    const isTrusted =
      typeof identity === 'string' &&
      typeof issuer === 'string' &&
      this.#identities.some((each) => new IdentityMatcher(each).matches({ identity, issuer }));
    return isTrusted
      ? undefined
      : `trusts the identity ${JSON.stringify(identity)} of ${JSON.stringify(issuer)}, which is not among the \`identities\` of the policy`;
  }

  /** A trusted root determines the certificate authority of identities, and could trust any authority. */
  #rootProblem(sigstore: unknown): string | undefined {
    if (sigstore === UNKNOWN) return undefined;
    const declared = [
      member(sigstore, 'trustedRoot'),
      member(sigstore, 'clientTrustConfig'),
    ].filter((each) => each !== undefined && each !== UNKNOWN);
    const known = declared.every((each) => {
      const json = typeof each === 'string' ? canonicalJson(each) : undefined;
      return json !== undefined && this.#roots.has(json);
    });
    return known
      ? undefined
      : 'trusts identities of a Sigstore instance that is not among the `trustedRoots` of the policy (JSON text, not a path)';
  }
}

/** Returns `undefined` if the configuration has no signers: then the policy does not check the signer. */
export function trustedSigners(config: TrustedSignersConfig): TrustedSigners | undefined {
  return config.trustedKeys === undefined && config.identities === undefined
    ? undefined
    : new TrustedSigners(config);
}
