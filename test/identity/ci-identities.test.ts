import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  buildkiteAgent,
  circleCiJob,
  gitlabCi,
  type IdentityDouble,
  storedToken,
} from '../../dev/identity';
import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { resolveIdentityProvider } from '../../src/sign';
import { failureOf } from '../sign/support/failure';
import { everythingIn, testHost } from '../sign/support/host';

const { PATH } = process.env;

let sigstore: RunningSigstore;
beforeAll(async () => {
  sigstore = await startSigstore();
});
afterAll(() => sigstore.close());

describe('the identity of a Buildkite job', () => {
  let agent: IdentityDouble;
  beforeAll(async () => {
    agent = await buildkiteAgent(sigstore.issuer);
  });
  afterAll(() => agent.stop());
  beforeEach(() => {
    agent.fault = undefined;
  });

  it('is requested from the agent API with the audience, once per run', async () => {
    const host = testHost({ env: agent.env });
    const config = { provider: 'buildkite', clientId: 'my-fulcio' } as const;
    const provider = await resolveIdentityProvider(config, host);
    const before = agent.requests.length;
    const [first, second] = await Promise.all([provider.getToken(), provider.getToken()]);
    expect(first).toBe(second);
    expect(sigstore.issuer.verify(first)).toMatchObject({ aud: 'my-fulcio' });
    expect(agent.requests).toHaveLength(before + 1);
  });

  it('survives a busy agent API', async () => {
    let calls = 0;
    agent.fault = () => {
      calls += 1;
      return calls === 1 ? { kind: 'answer', answer: { status: 429, body: 'slow' } } : undefined;
    };
    const provider = await resolveIdentityProvider({}, testHost({ env: agent.env }));
    await expect(provider.getToken()).resolves.toMatch(/^ey/);
    expect(calls).toBe(2);
  });

  it.each([
    ['of another job', { BUILDKITE_JOB_ID: 'another' }, /HTTP 404; the job must still be running/],
    [
      'with another credential',
      { BUILDKITE_AGENT_ACCESS_TOKEN: 'canary-agent-access' },
      /HTTP 401; .*must be its own/,
    ],
    ['without a job', { BUILDKITE_JOB_ID: '' }, /are not set: run in a Buildkite job/],
    [
      'over plain http to another machine',
      { BUILDKITE_AGENT_ENDPOINT: 'http://agent.example/v3' },
      /BUILDKITE_AGENT_ENDPOINT is not an https URL/,
    ],
  ])('%s is refused, and nothing shows the credential', async (_, change, expected) => {
    const env = { ...agent.env, ...change };
    const provider = await resolveIdentityProvider({ provider: 'buildkite' }, testHost({ env }));
    const error = await failureOf(provider.getToken());
    expect(error).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
    expect(error.message).toMatch(expected);
    for (const access of ['canary-agent-access', agent.env['BUILDKITE_AGENT_ACCESS_TOKEN']])
      expect(everythingIn(error)).not.toContain(access);
  });

  it('that is answered without end is given up', async () => {
    const body = `{"token":"${'a'.repeat(2 * 1024 * 1024)}"}`;
    agent.fault = () => ({ kind: 'answer', answer: { status: 200, body } });
    const provider = await resolveIdentityProvider({}, testHost({ env: agent.env }));
    const error = await failureOf(provider.getToken());
    expect(error.message).toMatch(/something else than a token/);
  });
});

describe('the identity of a GitLab job', () => {
  it('reports which lines of the job create it, if it is missing or for another audience', async () => {
    const wrong = gitlabCi(sigstore.issuer, 'https://gitlab.example');
    const missing = { ...wrong.env, SIGSTORE_ID_TOKEN: '' };
    for (const env of [wrong.env, missing]) {
      const config = { provider: 'gitlab-ci' } as const;
      const provider = await resolveIdentityProvider(config, testHost({ env }));
      const error = await failureOf(provider.getToken());
      expect(error.property).toBe('keyless.provider');
      expect(error.message).toContain('`id_tokens: { SIGSTORE_ID_TOKEN: { aud: sigstore } }`');
    }
    const detected = await failureOf(resolveIdentityProvider({}, testHost({ env: missing })));
    expect(detected.message).toContain('in GitLab CI, give the job `id_tokens');
  });

  it('may be in a variable of another name', async () => {
    const { SIGSTORE_ID_TOKEN: token } = gitlabCi(sigstore.issuer).env;
    const host = testHost({ env: { MY_TOKEN: token } });
    const config = { provider: 'gitlab-ci', tokenEnv: 'MY_TOKEN' } as const;
    expect(await (await resolveIdentityProvider(config, host)).getToken()).toBe(token);
  });
});

describe('the identity of a CircleCI job', () => {
  let job: IdentityDouble;
  beforeAll(async () => {
    job = await circleCiJob(sigstore.issuer);
  });
  afterAll(() => job.stop());

  it("is made by the job's command where its own token is for another audience", async () => {
    const before = job.requests.length;
    const provider = await resolveIdentityProvider({}, testHost({ env: job.env }));
    expect(sigstore.issuer.verify(await provider.getToken())).toMatchObject({ aud: 'sigstore' });
    expect(job.requests).toHaveLength(before + 1);
  });

  it("is the job's own token if that is for the requested audience", async () => {
    const token = job.env['CIRCLE_OIDC_TOKEN_V2'] ?? '';
    const clientId = String(sigstore.issuer.verify(token)?.['aud']);
    const before = job.requests.length;
    const provider = await resolveIdentityProvider({ clientId }, testHost({ env: job.env }));
    expect(await provider.getToken()).toBe(token);
    expect(job.requests).toHaveLength(before);
  });

  it('is the token that a step before handed on', async () => {
    const given = storedToken(sigstore.issuer).env;
    const provider = await resolveIdentityProvider(
      { provider: 'circleci' },
      testHost({ env: { ...job.env, ...given } }),
    );
    expect(await provider.getToken()).toBe(given['SIGSTORE_ID_TOKEN']);
  });

  it('cannot be created outside of a job, which is reported with the remedy', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'signed-image-no-command-'));
    const env = { CIRCLECI: 'true', PATH: empty };
    const absent = await failureOf(
      (await resolveIdentityProvider({}, testHost({ env }))).getToken(),
    );
    expect(absent).toMatchObject({ code: 'IDENTITY_UNAVAILABLE', property: 'keyless' });
    expect(absent.message).toMatch(/`circleci`.* was not found; run in a CircleCI job/);

    for (const [script, expected] of [
      ['echo canary-printed-token; exit 3', /failed \(3\)/],
      ['true', /did not print a token/],
    ] as const) {
      await writeFile(join(empty, 'circleci'), `#!/bin/sh\n${script}\n`);
      await chmod(join(empty, 'circleci'), 0o755);
      const host = testHost({ env: { CIRCLECI: 'true', PATH: `${empty}:${PATH}` } });
      const error = await failureOf((await resolveIdentityProvider({}, host)).getToken());
      expect(error.message).toMatch(expected);
      expect(error.message).toContain('SIGSTORE_ID_TOKEN');
      expect(everythingIn(error)).not.toContain('canary-printed-token');
    }
    await rm(empty, { recursive: true });
  });
});
