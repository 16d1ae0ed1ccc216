import canonicalize from 'canonicalize';

import type { Problem } from '../../error';
import { parseBoundedJson } from '../../http/json-bounds';
import { publicKeyFromPem } from '../../sign';
import {
  expressionOf,
  identityMatcher,
  identityProblems,
  type PolicyIdentity,
} from '../admission/signer-pattern';
import { isObject, type Properties, UNKNOWN } from '../workload';

/** Whom the policy trusts, as its configuration says. */
export interface TrustedSignersConfig {
  /** Public keys in PEM. */
  readonly trustedKeys?: readonly string[];
  readonly identities?: readonly PolicyIdentity[];
  /** JSON texts of trusted roots. Default: only the public Sigstore instance makes identities. */
  readonly trustedRoots?: readonly string[];
}

const invalid = (property: string, message: string): Problem => ({
  property,
  code: 'INPUT_INVALID',
  message,
});

/** The id of a public key in PEM; `undefined` for a path, a reference or anything else. */
function keyIdOf(text: string): string | undefined {
  if (text.includes('PRIVATE KEY')) return undefined;
  try {
    return publicKeyFromPem(text).keyId;
  } catch {
    return undefined;
  }
}

/** The same text for the same JSON object; `undefined` for what is none. */
function canonicalJson(text: string): string | undefined {
  try {
    const value = parseBoundedJson(text);
    return isObject(value) ? canonicalize(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Everything that is wrong with a configuration of signers. */
export function trustedSignersProblems(config: TrustedSignersConfig): readonly Problem[] {
  const { trustedKeys, identities, trustedRoots } = config;
  const empty = (['trustedKeys', 'identities', 'trustedRoots'] as const)
    .filter((member) => config[member]?.length === 0)
    .map((member) => invalid(member, 'is empty: leave it out, or list at least one'));
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

const ASCII = /^[ -~]*$/;

const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const member = (value: unknown, name: string): unknown =>
  isObject(value) ? value[name] : undefined;

/** Compares what a verification trusts, and whom it found, with whom the policy trusts. */
export class TrustedSigners {
  readonly #keyIds: ReadonlySet<string>;
  readonly #identities: readonly { readonly subject: RegExp; readonly issuer: RegExp }[];
  readonly #roots: ReadonlySet<string>;

  /** @param config without problems */
  constructor({ trustedKeys = [], identities = [], trustedRoots = [] }: TrustedSignersConfig) {
    this.#keyIds = new Set(trustedKeys.flatMap((text) => keyIdOf(text) ?? []));
    this.#identities = identities.map(identityMatcher).map(({ subject, issuer }) => ({
      subject: new RegExp(expressionOf(subject)),
      issuer: new RegExp(expressionOf(issuer)),
    }));
    this.#roots = new Set(trustedRoots.flatMap((text) => canonicalJson(text) ?? []));
  }

  /**
   * Why a verification could pass by somebody whom the policy does not trust; `undefined` if it could not,
   * or if a preview does not know. Any signer that it trusts is enough for it, so each must be trusted.
   */
  problemOfInputs(inputs: Properties): string | undefined {
    const { keys, trustedKeys, identities, sigstore } = inputs;
    if ([keys, trustedKeys, identities].every((each) => each === undefined))
      return 'names nobody whom it trusts';
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

  /** Why the signer whom a verification found is not trusted; `undefined` if it is, or is not known yet. */
  problemOfSigner(signer: unknown): string | undefined {
    if (signer === UNKNOWN) return undefined;
    const publicKey = member(signer, 'publicKey');
    return publicKey === undefined ? this.#identityProblem(signer) : this.#keyProblem(publicKey);
  }

  #keyProblem(key: unknown): string | undefined {
    if (key === UNKNOWN) return undefined;
    const keyId = typeof key === 'string' ? keyIdOf(key) : undefined;
    if (keyId === undefined)
      return 'names a key that the policy cannot compare; give the verification its PEM text';
    return this.#keyIds.has(keyId)
      ? undefined
      : `trusts the key ${keyId}, which is not among the \`trustedKeys\` of the policy`;
  }

  #identityProblem(given: unknown): string | undefined {
    const [identity, issuer] = [member(given, 'identity'), member(given, 'issuer')];
    if ([given, identity, issuer].includes(UNKNOWN)) return undefined;
    const known =
      typeof identity === 'string' &&
      typeof issuer === 'string' &&
      // Of other letters JavaScript and Go count differently.
      ASCII.test(identity + issuer) &&
      this.#identities.some((each) => each.subject.test(identity) && each.issuer.test(issuer));
    return known
      ? undefined
      : `trusts the identity ${JSON.stringify(identity)} of ${JSON.stringify(issuer)}, which is not among the \`identities\` of the policy`;
  }

  /** Whoever names the trusted root says which authority makes identities: any, in the end. */
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
      : 'takes identities of a Sigstore instance that is not among the `trustedRoots` of the policy (JSON text, not a path)';
  }
}

/** `undefined` where the configuration names nobody: then the policy does not ask who signed. */
export function trustedSigners(config: TrustedSignersConfig): TrustedSigners | undefined {
  return config.trustedKeys === undefined && config.identities === undefined
    ? undefined
    : new TrustedSigners(config);
}
