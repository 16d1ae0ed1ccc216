import { identityProblems, type TrustedIdentity } from '../../src/verify';

const ISSUER = 'https://token.actions.githubusercontent.com';
const SUBJECT = 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main';
const EXACT = { identity: SUBJECT, issuer: ISSUER };

/** `member: message` of all problems of an identity. */
const problems = (trusted: object): readonly string[] =>
  identityProblems(trusted as TrustedIdentity, 'i').map(
    ({ property, message }) => `${property.slice(2)}: ${message}`,
  );

test.each([
  '.*',
  '.+',
  '^.*$',
  '^.+$',
  '(?s).*',
  '(?s:.+)',
  '(.*)',
  '[\\s\\S]+',
  '\\S+',
  '.{3,}',
  '(?i)[^\\s]*',
  '(?:a|.*)',
  'a|.+',
  '[^]]+',
  '\\PN.*',
  '\\A.*\\z',
  '(?U).*',
  '.*@.*',
  '[a-z]+@[a-z]+\\.[a-z]+',
  '[^@]+@gmail\\.com',
  '[a-z]+@gmail[.]com',
  'https?://.+',
  'https://github\\.com/.*',
  'https://github[.]com/[^/]+/[^/]+',
  'https://github\\.com/[\\w-]+',
  'spiffe://.*',
])('the pattern %s trusts everyone', (identityPattern) => {
  expect(problems({ identityPattern, issuer: ISSUER })).toEqual([
    expect.stringMatching(/^identityPattern: matches everyone/),
  ]);
});

test.each([
  ['|x', /matches an empty text/],
  ['x|', /matches an empty text/],
  ['(?:https://github\\.com/acme/.+)?', /matches an empty text/],
  ['', /is empty/],
  ['https://github[.]com/acme.*', /every account whose name begins with "acme"/],
  ['\\Ahttps://github\\.com/acme.+\\z', /every account whose name begins with "acme"/],
  ['.*acme\\.example', /every domain that ends so/],
])('the pattern %j is open: %s', (identityPattern, reason) => {
  expect(problems({ identityPattern, issuer: ISSUER })).toEqual([expect.stringMatching(reason)]);
});

test.each([
  'https://github\\.com/acme/.+',
  '(?i)https://github\\.com/ACME/app/.*',
  '\\Qhttps://github.com/acme/app/.github/workflows/release.yml@refs/tags/v\\E[0-9.]+',
  '(?P<who>alice|bob)@acme\\.example',
  '[[:alpha:]]+@acme\\.example',
  'spiffe://acme\\.example/ns/[^/]+/sa/[^/]+',
])('the pattern %s is taken', (identityPattern) => {
  expect(problems({ identityPattern, issuer: ISSUER })).toEqual([]);
});

test('all problems of an identity are reported at once, each on its member', () => {
  const wrong = {
    identity: SUBJECT,
    identityPattern: 'https://github\\.com/acme/.+',
    issuerPattern: '(',
    claims: { sourceRef: '', runnerEnvironment: 5, sourceref: 'x', buildTrigger: 'push' },
    claimPatterns: {
      buildTrigger: 'push',
      sourceDigest: '.*',
      sourceRepository: 'https://github\\.com/.*',
      sourceRepositoryOwner: 'https://github\\.com/acme.*',
      buildConfigUri: 'a++',
      nothing: 'x',
    },
  };
  expect(problems(wrong)).toEqual([
    'identityPattern: cannot be combined with `identity`: set one of the two',
    expect.stringMatching(/^issuerPattern: is not a valid regular expression \(RE2\): missing/),
    'claims.sourceRef: is empty: leave it out to accept any value',
    'claims.runnerEnvironment: must be a string',
    'claims.sourceref: unknown; did you mean "sourceRef"?',
    'claimPatterns.buildTrigger: cannot be combined with `claims.buildTrigger`: set one of the two',
    'claimPatterns.sourceDigest: matches every value: restrict it to the trusted values',
    expect.stringMatching(/^claimPatterns\.sourceRepository: matches everyone/),
    expect.stringMatching(/^claimPatterns\.sourceRepositoryOwner: matches every account/),
    expect.stringMatching(/^claimPatterns\.buildConfigUri: is not a valid regular expression/),
    expect.stringMatching(/^claimPatterns\.nothing: unknown/),
  ]);
});

test.each<[object, readonly (string | RegExp)[]]>([
  [{}, [/^identity: is required, or `identityPattern`/, /^issuer: is required/]],
  [{ ...EXACT, identity: ' ' }, [/^identity: is empty/]],
  [{ ...EXACT, issuer: 7 }, [/^issuer: must be a string/]],
  [{ identity: SUBJECT, issuerPattern: ['x'] }, [/^issuerPattern: must be a string/]],
  [{ ...EXACT, claims: 'x' }, [/^claims: must be an object/]],
  [{ ...EXACT, claimPatterns: [] }, [/^claimPatterns: must be an object/]],
  [{ ...EXACT, claims: { sourceRef: undefined }, claimPatterns: null }, []],
  [{ identity: SUBJECT, issuerPattern: 'https://.+' }, [/^issuerPattern: matches everyone/]],
])('%j', (trusted, expected) => {
  expect(problems(trusted)).toEqual(expected.map((each) => expect.stringMatching(each) as string));
});
