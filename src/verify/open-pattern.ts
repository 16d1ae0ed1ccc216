import { createHash } from 'node:crypto';

import type { MatchesText } from './identity-pattern';

/** What a pattern is for: the names that everyone may have differ. */
export type PatternSubject = 'identity' | 'issuer' | 'claim';

/**
 * Words of lower-case letters that depend on the pattern: no pattern that was written for somebody's names spells
 * them out, and none can be written to except them.
 */
function wordsFor(pattern: string): readonly [string, string, string] {
  const digest = createHash('sha256').update(pattern).digest();
  const word = (from: number): string =>
    String.fromCharCode(...digest.subarray(from, from + 8).map((byte) => 97 + (byte % 26)));
  return [word(0), word(8), word(16)];
}

type Names = readonly string[];

/** Services where everyone may have an account. */
const SERVICES = ['https://github.com/', 'https://gitlab.com/'];

/** Names of unrelated signers, by kind: a pattern that matches all names of one kind would trust everyone. */
const UNRELATED_NAMES: Readonly<
  Record<PatternSubject, (one: string, two: string, three: string) => readonly Names[]>
> = {
  identity: (one, two, three) => [
    [`https://ci.${one}.example/a/b@refs/heads/main`, `https://${two}.invalid/x`],
    [`${one}@${two}.test`, `a.b@${three}.example`],
    [`${one}@${two}.com`, `${two}@${three}.org`],
    [`spiffe://${one}.invalid/ns/x`, `spiffe://${two}.example/y`],
    ...SERVICES.flatMap((service): readonly Names[] => [
      [
        `${service}${one}/a/.github/workflows/b.yml@refs/heads/main`,
        `${service}${two}-org/x.y//.gitlab-ci.yml@refs/tags/v9`,
      ],
      [`${service}${one}/${two}`, `${service}${three}-org/x.y`],
      [`${service}${one}`, `${service}${two}-org`],
    ]),
    [`a.${one}@gmail.com`, `${two}1@gmail.com`],
    [`${one}@gmail.com`, `${two}@gmail.com`],
    [`a@${one}-1.iam.gserviceaccount.com`, `ci-2@${two}.iam.gserviceaccount.com`],
  ],
  issuer: (one, two, three) => [
    [`https://issuer.${one}.example`, `https://${two}.invalid:8443/realms/x`],
    [`https://${one}.com`, `https://${three}.org`],
  ],
  claim: (one, two, three) => [
    [
      one,
      `${two}-1`,
      `https://${three}.example/a`,
      `refs/heads/${one}`,
      '0123456789abcdef'.repeat(3),
    ],
  ],
};

/** A name that a pattern spells out, and names of others that only begin or end with it. */
interface Spelled {
  readonly name: RegExp;
  readonly others: (name: string) => readonly string[];
  readonly fault: string;
}

const DOMAIN = String.raw`((?:[\w-]+\\?\.)+[a-z]{2,})`;
const ACCOUNT_PATHS = ['', '/a', '/a/.github/workflows/b.yml@refs/heads/main'];

const SPELLED: readonly Spelled[] = [
  {
    name: new RegExp(String.raw`^\^?https?:\\?/\\?/${DOMAIN}`),
    others: (host) => [
      `https://${host}.other.example/a/b@refs/heads/main`,
      `https://${host}.other.invalid/x`,
    ],
    fault: 'matches every host that begins so, "%.others.example" too: end the host with "/"',
  },
  {
    name: /^\^?https:\\?\/\\?\/git(?:hub|lab)\\?\.com\\?\/([\w-]+)/,
    others: (account) =>
      SERVICES.flatMap((service) =>
        ACCOUNT_PATHS.flatMap((path) => [
          `${service}${account}-other${path}`,
          `${service}${account}2${path}`,
        ]),
      ),
    fault: 'matches every account whose name begins with "%": end the name with "/"',
  },
  {
    name: new RegExp(String.raw`${DOMAIN}\$?$`),
    others: (domain) => [`a@other${domain}`, `b.c@no-${domain}`],
    fault: 'matches every domain that ends so, "others-%" too: begin it with "@"',
  },
];

/** What is wrong where a pattern spells a name out, and goes on or begins with any text beside it. */
function openName(declared: string, matches: MatchesText): string | undefined {
  // `[.]` and `\A` are other forms of `\.` and `^`.
  const pattern = declared.replaceAll(/\[(\W)\]/g, '\\$1').replace(/^\\A/, '^');
  for (const { name, others, fault } of SPELLED) {
    const spelled = name.exec(pattern)?.[1]?.replaceAll('\\', '');
    if (spelled === undefined) continue;
    if (others(spelled).filter(matches).length >= 2) return fault.replace('%', () => spelled);
  }
  return undefined;
}

/** Returns why a pattern would trust others than the signers that it was written for; `undefined` if it would not. */
export function openPatternFault(
  pattern: string,
  matches: MatchesText,
  subject: PatternSubject,
): string | undefined {
  const open = subject === 'claim' ? undefined : openName(pattern, matches);
  if (open !== undefined) return open;
  const kinds = UNRELATED_NAMES[subject](...wordsFor(pattern));
  if (kinds.some((names) => names.every(matches))) {
    return subject === 'claim'
      ? 'matches every value: restrict it to the trusted values'
      : 'matches everyone, or everyone with an account of one service: restrict it to the trusted signers';
  }
  return matches('')
    ? 'matches an empty text: no name is empty, so a part of it is not needed'
    : undefined;
}
