import type { types } from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

import {
  type VerifiedImage,
  type VerifiedImageReference,
  verifiedContainer,
  verifiedPodSpec,
} from '../../src';

type Container = types.input.core.v1.Container;
type PodSpec = types.input.core.v1.PodSpec;

declare const image: VerifiedImage;
declare const reference: pulumi.Output<VerifiedImageReference>;

/**
 * Never run: `npm run lint` compiles it. A line that should not compile and does is an error there
 * (an unused `@ts-expect-error`), and so is one that should compile and does not.
 */
export function compiles(): readonly unknown[] {
  const container: Container = verifiedContainer<Container>(image, { name: 'app' });
  const byReference: Container = verifiedContainer<Container>(reference, { name: 'app' });
  const podSpec: PodSpec = verifiedPodSpec<Container, Omit<PodSpec, 'containers'>>(
    image,
    { name: 'app' },
    { initContainers: [container], restartPolicy: 'Never' },
  );
  return [
    podSpec,
    byReference,
    // @ts-expect-error a string was not verified
    verifiedContainer<Container>('registry.example.com/app:v1', { name: 'app' }),
    // @ts-expect-error nor was the output of something else
    verifiedContainer<Container>(pulumi.output('registry.example.com/app'), { name: 'app' }),
    // @ts-expect-error a container with an image of its own
    verifiedContainer<Container>(image, { name: 'app', image: 'nginx' }),
    // @ts-expect-error a PodSpec with containers of its own
    verifiedPodSpec<Container, PodSpec>(image, { name: 'app' }, { containers: [] }),
    // @ts-expect-error no reference is made of a string without a cast
    takesVerified('registry.example.com/app@sha256:00'),
  ];
}

function takesVerified(verified: VerifiedImageReference): string {
  return verified;
}

test('a container runs the reference that was verified', async () => {
  const text = `registry.example.com/app@sha256:${'0a'.repeat(32)}` as VerifiedImageReference;
  const { image: made } = verifiedContainer<Container>(pulumi.output(text), { name: 'app' });
  const seen = await new Promise((resolve) => made.apply(resolve));
  expect(seen).toBe(text);
  const spec = verifiedPodSpec<Container, object>(pulumi.output(text), { name: 'app' });
  expect(spec.containers.map(({ name }) => name)).toEqual(['app']);
});
