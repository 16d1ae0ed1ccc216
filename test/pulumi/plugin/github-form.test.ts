import { execFileSync } from 'node:child_process';

import { ACTIONS_CLAIMS } from '../../../dev/sigstore';
import { Secret } from '../../../src/pulumi/plugin/protocol/wire-value';
import { pushImage } from '../../interop/support/images';
import { openWorkbench, PASSWORD, plain, type Workbench } from './support/workbench';

const GITHUB_FORM = 'https://actions.github.io/buildtypes/workflow/v1';

/** The variables of a job of GitHub Actions are read where the plugin starts. */
const job: NodeJS.ProcessEnv = {};
let bench: Workbench;
let commit: string;

beforeAll(async () => {
  bench = await openWorkbench({}, job);
  execFileSync('git', ['remote', 'set-url', 'origin', 'https://github.com/octo-org/octo-repo'], {
    cwd: bench.folder,
  });
  commit = bench.commit();
});
afterAll(() => bench.close());

/** Starts the plugin in a job whose token has these claims; its variables are those of another commit. */
async function inJob(changed: Readonly<Record<string, string>> = {}): Promise<void> {
  const claims = { ...ACTIONS_CLAIMS, sha: commit, ...changed };
  Object.assign(job, {
    GITHUB_ACTIONS: 'true',
    GITHUB_SHA: 'b'.repeat(40),
    GITHUB_REF: 'refs/heads/forged',
    GITHUB_REF_NAME: 'forged',
    GITHUB_REPOSITORY: 'evil/app',
    ...bench.sigstore.issuer.actionsEnvironment(claims),
  });
  await bench.restart();
}

const build = { context: 'app', dockerfile: 'app/Dockerfile', builder: 'buildx' };

async function signed(declared: object = {}) {
  const { fulcioUrl, rekorUrl } = bench.sigstore;
  const { reference: image } = await pushImage(bench.registry.host);
  const record = await bench.create('ImageSignature', {
    image,
    build,
    keyless: { provider: 'github-actions' },
    sigstore: { fulcioUrl, rekorUrl, trustedRoot: 'trusted_root.json' },
    ...declared,
  });
  const predicate = JSON.parse(String(plain(record.outputs, 'signedProvenance'))) as Predicate;
  return { facts: plain(record.outputs, 'facts'), predicate };
}

interface Predicate {
  readonly buildDefinition: { readonly buildType: string };
  readonly runDetails: { readonly builder: { readonly id: string } };
}

const KEY = { ref: 'cosign.key', password: new Secret(PASSWORD) };

test('the claims of the token win over the variables', async () => {
  await inJob();
  const { facts } = await signed();
  expect(facts).toMatchObject({
    commit,
    branch: 'main',
    repository: 'https://github.com/octo-org/octo-repo',
    invocation: 'https://github.com/octo-org/octo-repo/actions/runs/1234567890/attempts/1',
  });
});

test('a keyless signature of the commit of the workflow has the form of GitHub', async () => {
  await inJob();
  const { predicate } = await signed();
  expect(predicate.buildDefinition).toMatchObject({
    buildType: GITHUB_FORM,
    resolvedDependencies: [{ digest: { gitCommit: commit } }],
  });
  expect(predicate.runDetails.builder.id).toBe(
    `https://github.com/${String(ACTIONS_CLAIMS['job_workflow_ref'])}`,
  );
});

test.each([
  ['by choice', {}, { provenance: { form: 'signed-image' } }],
  ['with a builder id', {}, { provenance: { builderId: 'urn:example:builder' } }],
  ['with parameters', {}, { provenance: { parameters: { team: 'a' } } }],
  ['at another commit than the workflow', { sha: 'c'.repeat(40) }, {}],
  ['with a key', {}, { keyless: undefined, key: KEY }],
])('it has our own form %s', async (_, claims, declared) => {
  await inJob(claims);
  const { predicate } = await signed(declared);
  expect(predicate.buildDefinition.buildType).toContain('docs/build-type-v1.md');
});

test('the form of GitHub is refused where it cannot describe the build', async () => {
  await inJob({ sha: 'c'.repeat(40) });
  await expect(signed({ provenance: { form: 'github-actions' } })).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    property: 'provenance.form',
    message: expect.stringContaining('another commit'),
  });
});

test('the form of GitHub with a key, or for an image that exists, is refused before the build', async () => {
  const image = `${bench.registry.host}/team/app:v1`;
  const provenance = { form: 'github-actions' };
  const problems = (declared: object) =>
    bench.problems('SigningPlan', { image, key: KEY, provenance, ...declared });
  expect(await problems({ build: { context: 'app' } })).toEqual([
    expect.stringMatching(/^provenance\.form: .*keyless/),
  ]);
  expect(await problems({})).toContainEqual(
    expect.stringMatching(/^provenance\.form: an existing image/),
  );
});

test('a token that cannot be read leaves the facts of the variables, with a warning', async () => {
  await inJob();
  bench.sigstore.settings.faults.issuer = () => ({
    kind: 'answer',
    answer: { status: 403, body: '{}' },
  });
  const problems = await bench.problems('SigningPlan', {
    image: `${bench.registry.host}/team/app:v1`,
    build: { context: 'app' },
    key: KEY,
  });
  delete bench.sigstore.settings.faults.issuer;
  expect(problems).toEqual([]);
  expect(bench.said.join('\n')).toContain('identity token of the job could not be read');
});
