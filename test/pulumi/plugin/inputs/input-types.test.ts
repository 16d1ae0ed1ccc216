import { inputPaths, schema, withValue } from '../../../oracles/secrets/input-paths';
import { inputTypeProblems } from '../../../../src/pulumi/plugin/inputs/input-types';
import { dottedPath } from '../../../../src/pulumi/plugin/inputs/input-path';
import {
  type Properties,
  Secret,
  UNKNOWN,
} from '../../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, type ResourceName, type Workbench } from '../support/workbench';

let workbench: Workbench;
beforeAll(async () => {
  workbench = await openWorkbench();
});
afterAll(() => workbench.close());

const RESOURCES: readonly ResourceName[] = [
  'SigningPlan',
  'ImageBuild',
  'ImageSignature',
  'VerifiedImage',
];

/** An object is the type of no leaf. */
const WRONG = { a: { list: ['of', 'texts'] } };

describe.each(RESOURCES)('%s', (resource) => {
  const paths = inputPaths().filter((path) => path.resource === resource);

  it('refuses each of its inputs that is of another type than the schema declares', () => {
    const unseen = paths.filter(({ steps }) => {
      const inputs = withValue({}, steps, WRONG) as Properties;
      const [problem] = inputTypeProblems(`signed-image:index:${resource}`, inputs);
      return problem?.property !== dottedPath(steps) || !/^must be /.test(problem.message);
    });
    expect(paths.length).toBeGreaterThan(10);
    expect(unseen).toEqual([]);
  });

  it('refuses each of its objects, maps and lists that is something else', () => {
    const names = Object.keys(
      schema.resources[`signed-image:index:${resource}`]?.inputProperties ?? {},
    );
    const refused = (value: boolean) =>
      names.filter(
        (name) => inputTypeProblems(`signed-image:index:${resource}`, { [name]: value }).length,
      );
    // Only the switches take a boolean.
    const switches: readonly string[] = ['always', 'platforms', 'exportProof'];
    expect(refused(true)).toEqual(names.filter((name) => !switches.includes(name)));
  });
});

it.each([
  ['ImageSignature', 'registry.insecure', { registry: { insecure: 'yes' } }, 'true or false'],
  ['ImageSignature', 'always', { always: 'true' }, 'true or false'],
  ['ImageSignature', 'provenance.disabled', { provenance: { disabled: 1 } }, 'true or false'],
  ['ImageSignature', 'facts.dirty', { facts: { dirty: 'no' } }, 'true or false'],
  ['ImageBuild', 'build.labels.l', { build: { labels: { l: 5 } } }, 'a string'],
  ['ImageBuild', 'registry.insecure', { registry: { insecure: 0 } }, 'true or false'],
  ['VerifiedImage', 'triggers[0]', { triggers: [3] }, 'a string'],
  ['VerifiedImage', 'always', { always: 'yes' }, 'true or false'],
  ['VerifiedImage', 'platforms', { platforms: 'linux/amd64' }, 'true or false'],
] as const)('%s is not created with a wrong %s', async (resource, property, declared, expected) => {
  const problems = await workbench.problems(resource, { image: 'host.test/app', ...declared });
  expect(problems.filter((problem) => problem === `${property}: must be ${expected}`)).toHaveLength(
    1,
  );
});

it('accepts what is absent, not known yet, or secret', () => {
  const inputs: Properties = {
    image: UNKNOWN,
    keys: [null, UNKNOWN, 'cosign.pub'],
    registry: new Secret({ insecure: new Secret(true), username: null }),
    sigstore: UNKNOWN,
  };
  expect(inputTypeProblems('signed-image:index:VerifiedImage', inputs)).toEqual([]);
});
