import { createRegistryClient, parseDigest, parseReference } from '../../src/oci';
import { createSigningMaterial, signImage, type SignatureFormat } from '../../src/sign';
import { pushImage } from '../interop/support/images';
import { type TestSigner, testSigner } from '../interop/support/signers';
import { type Stack, startStack } from '../interop/support/stack';
import { CASES } from '../source/ci/recorded';
import { IS_SAMPLE } from './support/sample';
import { schemaProblems } from './support/schema';
import { validatedByInToto } from './support/slsa-tools';
import { factsOf, removeFolders, statementOf } from './support/statements';
import { record } from './support/table';

let stack: Stack;
let signer: TestSigner;
const client = createRegistryClient({ dockerConfig: 'none' });

beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
  signer = await testSigner(stack, 'key');
});
afterAll(async () => {
  await client.close();
  await stack.close();
  removeFolders();
});

type SignedStatement = ReturnType<typeof statementOf>;

/** Signs a statement, and returns whether real cosign accepts it as provenance. */
async function cosignAccepts(
  image: Awaited<ReturnType<typeof pushImage>>,
  provenance: SignedStatement,
  format: SignatureFormat = 'bundle',
) {
  const { repository } = parseReference(image.repository);
  const { mediaType, digest, size } = image;
  const manifest = { mediaType, digest: parseDigest(digest), size };
  const material = await createSigningMaterial(signer.config, signer.host);
  await signImage(
    { repository, targets: [{ manifest, annotations: {}, provenance }], format, material },
    client,
  );
  const type = ['--type', 'slsaprovenance1'];
  return stack.cosign(['verify-attestation', ...type, ...signer.cosign, image.reference]);
}

/** In the sample, the most frequent event and the one that must not be taken for a branch of ours. */
const TRIED = CASES.filter(([, event]) => !IS_SAMPLE || event === 'push' || event === 'fork');

describe.each(TRIED)('%s, %s', (system, event) => {
  test('has a statement that schema, in-toto and cosign accept', async () => {
    const facts = await factsOf(system, event);
    record({ kind: 'facts', system, event, facts });
    const image = await pushImage(stack.registry.host);
    const statement = statementOf(image, facts);

    const problems = schemaProblems(statement);
    const [inToto] = await validatedByInToto([statement]);
    const cosign = await cosignAccepts(image, statement);
    const { payload } = JSON.parse(cosign.stdout.split('\n')[0] || '{}') as { payload?: string };
    const printed: unknown = JSON.parse(Buffer.from(payload ?? '', 'base64').toString() || 'null');

    const accepted = problems.length === 0 && inToto === 'ok' && cosign.code === 0;
    const acceptedBy = accepted ? ['schema', 'in-toto', 'cosign'] : [];
    record({ kind: 'statement', system, event, form: 'own', acceptedBy });
    expect(problems).toEqual([]);
    expect(inToto).toBe('ok');
    expect(cosign).toMatchObject({ code: 0 });
    expect(printed).toEqual(statement);
  });
});

describe('the checks', () => {
  const bare = { repository: 'registry.example.com/app', digest: `sha256:${'a'.repeat(64)}` };

  test.each([
    ['a member that the specification does not define', { extra: true }, /additional properties/],
    ['a time with another zone', { startedOn: '2026-01-01T00:00:00+01:00' }, /pattern/],
  ])('the schema and in-toto refuse %s', async (_, metadata, problem) => {
    const statement = statementOf(bare, await factsOf('gitlab-ci', 'push'));
    const { runDetails } = statement.predicate;
    const changed = {
      ...statement,
      predicate: {
        ...statement.predicate,
        runDetails: { ...runDetails, metadata: { ...runDetails.metadata, ...metadata } },
      },
    };
    expect(schemaProblems(changed).join()).toMatch(problem);
    // A protobuf timestamp may have any zone.
    if (!('startedOn' in metadata)) expect((await validatedByInToto([changed]))[0]).not.toBe('ok');
  });

  test.each([['builder'], ['buildType'], ['externalParameters']])(
    'schema and in-toto refuse a statement without %s',
    async (name) => {
      const statement = statementOf(bare, await factsOf('gitlab-ci', 'push'));
      const changed = JSON.parse(
        JSON.stringify(statement, (key, value: unknown) => (key === name ? undefined : value)),
      ) as object;
      expect(schemaProblems(changed).join()).toContain(name);
      expect((await validatedByInToto([changed]))[0]).not.toBe('ok');
    },
  );

  test('cosign refuses the statement of another image', async () => {
    const image = await pushImage(stack.registry.host);
    const other = await pushImage(stack.registry.host);
    const statement = statementOf(other, await factsOf('gitlab-ci', 'push'));
    expect((await cosignAccepts(image, statement)).code).not.toBe(0);
  });
});
