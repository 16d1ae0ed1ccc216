import type { DiffResult } from '../../../src/pulumi/plugin/protocol/crud-resource';
import { type Properties, toValue, UNKNOWN } from '../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, type ResourceName, type Workbench } from './support/workbench';

const FORMER = 'registry.example.test/team/former';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const PARENT = 'urn:pulumi:s::p::signed-image:index:SignedImage$signed-image:index';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

const diff = (name: ResourceName, urn: string, olds: object, news: object): Promise<DiffResult> =>
  bench.resource(name).diff({
    urn,
    id: FORMER,
    oldInputs: toValue(olds) as Properties,
    oldOutputs: {},
    news: toValue(news) as Properties,
    log: bench.log,
  });

/** Compares the plan of an image with an earlier one. */
const plan = (name: string, repository: string): Promise<DiffResult> =>
  diff(
    'SigningPlan',
    `${PARENT}:SigningPlan::${name}-plan`,
    { repository: FORMER },
    { repository },
  );

/** Compares a resource whose image is not known yet. */
async function replaced(name: 'ImageSignature' | 'VerifiedImage', urn: string): Promise<boolean> {
  const image = `${FORMER}@${DIGEST}`;
  return (await diff(name, urn, { image }, { image: UNKNOWN })).replaces.includes('image');
}

it('an image that is not known yet is replaced in a preview if its component gets another repository', async () => {
  await plan('moved', 'registry.example.test/team/next');
  await plan('other', FORMER);
  expect(await replaced('ImageSignature', `${PARENT}:ImageSignature::moved-signature`)).toBe(true);
  expect(await replaced('VerifiedImage', `${PARENT}:VerifiedImage::moved-verified`)).toBe(true);
  expect(await replaced('ImageSignature', `${PARENT}:ImageSignature::other-signature`)).toBe(false);
  expect(await replaced('VerifiedImage', `${PARENT}:VerifiedImage::other-verified`)).toBe(false);
});

it('an image that is verified outside of its component is recognized by its repository', async () => {
  const urn = 'urn:pulumi:s::p::signed-image:index:VerifiedImage::reader';
  expect(await replaced('VerifiedImage', urn)).toBe(true);
  await bench.restart();
  expect(await replaced('VerifiedImage', urn)).toBe(false);
});
