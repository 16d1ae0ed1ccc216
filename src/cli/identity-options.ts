import type { CertificateClaims, TrustedIdentity } from '../verify';
import { type Options, type OptionValues, UsageError } from './options';

const NAME_VALUE = /^([^=]+)=([^]*)$/;

/** Claims of the certificates of all identities of the command line. */
export const CLAIM_OPTIONS = {
  claim: {
    type: 'string',
    value: 'NAME=VALUE',
    multiple: true,
    about: 'claim that the certificate of each identity must have: sourceRef=refs/heads/main',
  },
  'claim-regexp': {
    type: 'string',
    value: 'NAME=RE',
    multiple: true,
    about: 'regular expression that must match the whole claim: sourceRef=refs/tags/v.+',
  },
} as const satisfies Options;

/** Keyless signers, each with its issuer. */
export const IDENTITY_OPTIONS = {
  identity: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    about: 'trusted keyless signer, compared exactly; requires an issuer, in the same order',
  },
  'identity-regexp': {
    type: 'string',
    value: 'RE',
    multiple: true,
    about:
      'regular expression (RE2) that must match the whole name of the signer, instead of --identity',
  },
  issuer: {
    type: 'string',
    value: 'URL',
    multiple: true,
    about: 'OIDC issuer of the identity, compared exactly',
  },
  'issuer-regexp': {
    type: 'string',
    value: 'RE',
    multiple: true,
    about: 'regular expression that must match the whole issuer, instead of --issuer',
  },
  ...CLAIM_OPTIONS,
} as const satisfies Options;

type Claims = Pick<TrustedIdentity, 'claims' | 'claimPatterns'>;

function pairs(option: string, texts: readonly string[]): CertificateClaims {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = NAME_VALUE.exec(text) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw new UsageError(`--${option} ${text}: expected two parts separated by "="`);
    }),
  );
}

/** The claims of the options, for every identity. @throws UsageError */
export function claimsOf(values: OptionValues<typeof CLAIM_OPTIONS>): Claims {
  const { claim, 'claim-regexp': patterns } = values;
  return {
    ...(claim && { claims: pairs('claim', claim) }),
    ...(patterns && { claimPatterns: pairs('claim-regexp', patterns) }),
  };
}

/** Pairs each identity with its issuer. @throws UsageError */
export function identitiesOf(
  values: OptionValues<typeof IDENTITY_OPTIONS>,
): readonly TrustedIdentity[] {
  const { identity = [], issuer = [] } = values;
  const patterns = values['identity-regexp'] ?? [];
  const issuerPatterns = values['issuer-regexp'] ?? [];
  const names = [
    ...identity.map((each) => ({ identity: each })),
    ...patterns.map((identityPattern) => ({ identityPattern })),
  ];
  const issuers = [
    ...issuer.map((each) => ({ issuer: each })),
    ...issuerPatterns.map((issuerPattern) => ({ issuerPattern })),
  ];
  if (names.length !== issuers.length) {
    throw new UsageError(
      'each --identity or --identity-regexp requires an --issuer or --issuer-regexp, in the same order',
    );
  }
  const isMixed = [
    [identity, patterns],
    [issuer, issuerPatterns],
  ].some((both) => both.every((each) => each.length > 0));
  if (isMixed) {
    throw new UsageError(
      'exact names and regular expressions cannot be combined, because the order of the options is not known: use --policy',
    );
  }
  const claims = claimsOf(values);
  if (names.length === 0 && Object.keys(claims).length > 0) {
    throw new UsageError('--claim and --claim-regexp require an --identity or --identity-regexp');
  }
  return names.map((name, index) => ({ ...name, ...issuers[index], ...claims }));
}
