import { inspect } from 'node:util';

import { parseIdentityToken } from '../../src/identity';
import { thrownBy } from '../sign/support/failure';
import { everythingIn } from '../sign/support/host';

const NOW = new Date('2026-11-22T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const now = () => NOW;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const GOOD = {
  iss: 'https://issuer.example',
  sub: 'the-subject-of-it',
  aud: 'sigstore',
  exp: SECONDS + 300,
};
const tokenOf = (claims: object) =>
  `${encode({ alg: 'RS256' })}.${encode(claims)}.c2lnbmF0dXJlLW9mLWl0`;

describe('an identity token', () => {
  it('is read, with or without white space around it', () => {
    const token = parseIdentityToken(` ${tokenOf(GOOD)}\n`, { now });
    expect(token).toMatchObject({
      identity: 'the-subject-of-it',
      issuer: 'https://issuer.example',
      claims: GOOD,
    });
    expect(token.raw).toBe(tokenOf(GOOD));
  });

  it('is not printed or stored with what was read from it', () => {
    const token = parseIdentityToken(tokenOf(GOOD), { now });
    expect(inspect(token, { depth: 9 })).not.toContain(token.raw);
    expect(JSON.stringify({ ...token })).not.toContain(token.raw);
  });

  it.each([
    ['an e-mail address', { email: 'a@b.example', email_verified: true }, 'a@b.example'],
    [
      'an e-mail address that is verified in words',
      { email: 'a@b.example', email_verified: 'true' },
      'a@b.example',
    ],
    [
      'a job of GitHub Actions',
      {
        iss: 'https://token.actions.githubusercontent.com',
        repository: 'o/r',
        job_workflow_ref: 'o/r/.github/workflows/w.yml@refs/heads/main',
      },
      'https://github.com/o/r/.github/workflows/w.yml@refs/heads/main',
    ],
    [
      'a pipeline of GitLab',
      {
        iss: 'https://gitlab.com',
        ci_config_ref_uri: 'gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main',
      },
      'https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main',
    ],
    [
      'a pipeline of Buildkite',
      { iss: 'https://agent.buildkite.com', organization_slug: 'org', pipeline_slug: 'pipe' },
      'https://buildkite.com/org/pipe',
    ],
  ])('of %s names it as Fulcio does', (_, claims, identity) => {
    expect(parseIdentityToken(tokenOf({ ...GOOD, ...claims }), { now }).identity).toBe(identity);
  });

  it("of Sigstore's browser login names the issuer behind it", () => {
    const federated = { federated_claims: { connector_id: 'https://accounts.google.com' } };
    expect(parseIdentityToken(tokenOf({ ...GOOD, ...federated }), { now }).issuer).toBe(
      'https://accounts.google.com',
    );
  });

  it('is accepted with one of several audiences, and with the requested one', () => {
    expect(() =>
      parseIdentityToken(tokenOf({ ...GOOD, aud: ['x', 'sigstore'] }), { now }),
    ).not.toThrow();
    expect(() =>
      parseIdentityToken(tokenOf({ ...GOOD, aud: 'mine' }), { now, audience: 'mine' }),
    ).not.toThrow();
  });

  it('is taken when the clocks differ by less than a minute', () => {
    expect(() =>
      parseIdentityToken(tokenOf({ ...GOOD, nbf: SECONDS + 50 }), { now }),
    ).not.toThrow();
  });

  it.each([
    ['has expired', tokenOf({ ...GOOD, exp: SECONDS }), 'has expired'],
    ['is not valid yet', tokenOf({ ...GOOD, nbf: SECONDS + 120 }), 'not valid yet'],
    ['is for another audience', tokenOf({ ...GOOD, aud: 'another-client' }), 'is not "sigstore"'],
    ['is for other audiences', tokenOf({ ...GOOD, aud: [] }), 'is not "sigstore"'],
    [
      'has an unverified e-mail address',
      tokenOf({ ...GOOD, email: 'secret@b.example', email_verified: false }),
      'not verified',
    ],
    ['has no subject', tokenOf({ ...GOOD, sub: undefined }), 'lacks one of the claims'],
    [
      'has an expiry that is not a number',
      tokenOf({ ...GOOD, exp: 'soon-enough' }),
      'lacks one of the claims',
    ],
    ['has an audience of numbers', tokenOf({ ...GOOD, aud: [1] }), 'lacks one of the claims'],
    ['has two parts', 'the-first-part.the-second-part', 'malformed'],
    ['is a word', 'just-some-password', 'malformed'],
    ['is empty', '', 'malformed'],
    [
      'holds no JSON',
      `e30.${Buffer.from('no json at all').toString('base64url')}.c2ln`,
      'malformed',
    ],
    ['holds a list', `e30.${encode(['listed-claim'])}.c2ln`, 'malformed'],
    ['is endless', `e30.${'A'.repeat(70_000)}.c2ln`, 'malformed'],
  ])('that %s is refused, and no part of it is repeated', (_, raw, text) => {
    const error = thrownBy(() => parseIdentityToken(raw, { now }));
    expect(error.code).toBe('IDENTITY_TOKEN_INVALID');
    expect(error.message).toContain(text);
    const shown = everythingIn(error);
    for (const part of [raw, ...raw.split('.')].filter((text) => text.length > 7)) {
      expect(shown).not.toContain(part);
    }
    for (const claim of [
      'another-client',
      'secret@b.example',
      'soon-enough',
      'the-subject-of-it',
    ]) {
      expect(shown).not.toContain(claim);
    }
  });
});
