import type { Problem } from '../../error';
import { literal } from '../program/exemption';
import { anchored, expressionFault } from './common-expression';

/**
 * A keyless signer: who signed (`identity`, the subject of the certificate) and who says so
 * (`issuer`), each either exactly or by a pattern.
 */
export interface PolicyIdentity {
  /** The certificate's subject, exactly: a URI or an e-mail address. */
  readonly identity?: string;
  /** Regular expression that the whole subject must match. */
  readonly identityPattern?: string;
  /** The OIDC issuer, exactly. */
  readonly issuer?: string;
  /** Regular expression that the whole issuer must match. */
  readonly issuerPattern?: string;
}

/** One side of an identity: an exact text, or an expression that is anchored at both ends. */
export interface Matcher {
  readonly exact?: string;
  readonly pattern?: string;
}

export interface IdentityMatcher {
  readonly subject: Matcher;
  readonly issuer: Matcher;
}

/** Of each kind names of people who have nothing in common: what matches all of a kind is no condition. */
const STRANGERS: Readonly<Record<'identity' | 'issuer', readonly (readonly string[])[]>> = {
  identity: [
    ['https://ci.stranger.example/a/b@refs/heads/main', 'https://other.invalid/x'],
    ['someone@nobody.test', 'a.b@stranger.example'],
    ['spiffe://other.invalid/ns/x', 'spiffe://stranger.example/y'],
    // Services at which everybody may have an account.
    ...['https://github.com/', 'https://gitlab.com/'].map((host) => [
      `${host}stranger/a/.github/workflows/b.yml@refs/heads/main`,
      `${host}nobody-else/x.y//.gitlab-ci.yml@refs/tags/v9`,
    ]),
    ['a.stranger@gmail.com', 'nobody1@gmail.com'],
    ['a@stranger-1.iam.gserviceaccount.com', 'ci-2@nobody.iam.gserviceaccount.com'],
  ],
  issuer: [['https://issuer.stranger.example', 'https://other.invalid:8443/realms/x']],
};

/** A name that a pattern spells out, and names of others that only begin or end with it. */
interface Spelled {
  readonly name: RegExp;
  readonly others: (name: string) => readonly string[];
  readonly fault: string;
}

const DOMAIN = String.raw`((?:[\w-]+\\?\.)+[a-z]{2,})`;
const ACCOUNT_PATH = '/a/.github/workflows/b.yml@refs/heads/main';

const SPELLED: readonly Spelled[] = [
  {
    name: new RegExp(String.raw`^\^?https?:\\?/\\?/${DOMAIN}`),
    others: (host) => [
      `https://${host}.stranger.example/a/b@refs/heads/main`,
      `https://${host}.other.invalid/x`,
    ],
    fault: 'matches every host that begins so, "%.others.example" too: end the host with "/"',
  },
  {
    name: /^\^?https:\\?\/\\?\/git(?:hub|lab)\\?\.com\\?\/([\w-]+)/,
    others: (account) =>
      ['github', 'gitlab'].flatMap((service) => [
        `https://${service}.com/${account}-stranger${ACCOUNT_PATH}`,
        `https://${service}.com/${account}2${ACCOUNT_PATH}`,
      ]),
    fault: 'matches every account whose name begins with "%": end the name with "/"',
  },
  {
    name: new RegExp(String.raw`${DOMAIN}\$?$`),
    others: (domain) => [`a@stranger${domain}`, `b.c@no-${domain}`],
    fault: 'matches every domain that ends so, "others-%" too: begin it with "@"',
  },
];

/** What is wrong where a pattern spells a name out, and goes on or begins with any text beside it. */
function openName(pattern: string, expression: RegExp): string | undefined {
  for (const { name, others, fault } of SPELLED) {
    const spelled = name.exec(pattern)?.[1]?.replaceAll('\\', '');
    if (spelled === undefined) continue;
    const isOpen = others(spelled).filter((other) => expression.test(other)).length >= 2;
    if (isOpen) return fault.replace('%', () => spelled);
  }
  return undefined;
}

function patternFault(pattern: string, side: 'identity' | 'issuer'): string | undefined {
  const fault = expressionFault(pattern);
  if (fault !== undefined) return fault;
  const expression = new RegExp(anchored(pattern));
  const open = openName(pattern, expression);
  if (open !== undefined) return open;
  return STRANGERS[side].some((names) => names.every((name) => expression.test(name)))
    ? 'matches everybody, or everybody with an account of one service: name whom you trust'
    : undefined;
}

function sideProblems(
  exact: string | undefined,
  pattern: string | undefined,
  member: 'identity' | 'issuer',
  property: string,
): readonly Problem[] {
  const patternMember = `${member}Pattern`;
  const problem = (name: string, message: string): Problem => ({
    property: `${property}.${name}`,
    code: 'INPUT_INVALID',
    message,
  });
  if (exact !== undefined && pattern !== undefined)
    return [problem(patternMember, `cannot be combined with \`${member}\`: give one of the two`)];
  if (pattern !== undefined) {
    const fault = patternFault(pattern, member);
    return fault === undefined ? [] : [problem(patternMember, fault)];
  }
  if (exact === undefined)
    return [problem(member, `is needed, or \`${patternMember}\`: without it anybody could sign`)];
  return exact.trim() === '' ? [problem(member, 'is empty: anybody could sign')] : [];
}

/** Everything that is wrong with an identity. */
export function identityProblems(
  { identity, identityPattern, issuer, issuerPattern }: PolicyIdentity,
  property: string,
): readonly Problem[] {
  return [
    ...sideProblems(identity, identityPattern, 'identity', property),
    ...sideProblems(issuer, issuerPattern, 'issuer', property),
  ];
}

const matcherOf = (exact: string | undefined, pattern: string | undefined): Matcher =>
  pattern === undefined ? { exact: exact ?? '' } : { pattern: anchored(pattern) };

/** An identity without problems, as the cluster is told. */
export function identityMatcher(args: PolicyIdentity): IdentityMatcher {
  return {
    subject: matcherOf(args.identity, args.identityPattern),
    issuer: matcherOf(args.issuer, args.issuerPattern),
  };
}

/** The expression that matches just what the matcher does, for who reads expressions only. */
export function expressionOf({ exact, pattern }: Matcher): string {
  return pattern ?? `^${literal(exact ?? '')}$`;
}
