import * as pulumi from '@pulumi/pulumi';
import { isRpcSecret } from '@pulumi/pulumi/runtime/rpc';
import fc from 'fast-check';

import type { SignedImageArgs } from '../../../src/pulumi/component/args';
import { SignedImage } from '../../../src/pulumi/component/signed-image';
import { secretsIn } from '../../engine/support/secret-search';
import { inputCount, recordOracle } from '../support/tally';
import { type InputPath, inputPaths, withValue, wrapped } from './input-paths';

/** What the SDK registers for a component with a secret in any of its inputs, and how it marks it. */
const CANARY = 'canary-91c4e0';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const STATE: Readonly<Record<string, object>> = {
  'signed-image:index:SigningPlan': {
    image: 'host.test/app:v1',
    repository: 'host.test/app',
    digest: DIGEST,
  },
  'signed-image:index:ImageBuild': {
    claimedDigest: DIGEST,
    facts: { builder: 'https://b.test', system: 'git' },
    summary: { builder: 'auto', context: 'app', dockerfile: 'app/Dockerfile' },
  },
  'signed-image:index:ImageSignature': {
    signer: { kind: 'keyless' },
    signedAnnotations: {},
    signatures: [],
    bundles: [],
    logEntries: [],
    witnessed: 'log',
  },
  'signed-image:index:VerifiedImage': {
    digest: DIGEST,
    imageRef: `host.test/app@${DIGEST}`,
    signer: { kind: 'keyless' },
    signedAnnotations: {},
    verification: '{}',
  },
  'docker:index/image:Image': { repoDigest: `host.test/app@${DIGEST}` },
  'docker-build:index:Image': { digest: DIGEST },
};

const registered: { readonly type: string; readonly inputs: object }[] = [];
beforeAll(async () => {
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: ({ type, name, inputs }) => {
      registered.push({ type, inputs: inputs as object });
      // As the engine: the answer has the outputs, and no input.
      return { id: `${name}-id`, state: STATE[type] ?? {} };
    },
  });
});

type Mark = 'leaf' | 'parent' | 'none';
interface Case {
  readonly path: InputPath;
  readonly mark: Mark;
  readonly builder: string | undefined;
  readonly canary: string;
}

const paths = inputPaths().filter(
  ({ resource, steps }) => resource === 'SignedImage' && steps.join('.') !== 'build.builder',
);
const GUARDED = /^(?:key\.password|registry\.password|build\.secrets\.)/;
const BUILDERS = [undefined, 'buildah', 'pulumi-docker', 'pulumi-docker-build'] as const;

function cases(count: number): readonly Case[] {
  const all = BUILDERS.flatMap((builder) =>
    paths.flatMap((path) => {
      const marks: readonly Mark[] = GUARDED.test(path.steps.join('.'))
        ? ['leaf', 'parent', 'none']
        : ['leaf', 'parent'];
      return marks.map((mark) => ({ path, mark, builder }));
    }),
  );
  const random = fc.sample(fc.stringMatching(/^[0-9a-f]{16}$/), {
    numRuns: Math.max(count, all.length),
    seed: 20261126,
  });
  return random.map((text, index) => ({
    ...(all[index % all.length] as (typeof all)[number]),
    canary: `${CANARY}${text}`,
  }));
}

function argumentsOf({ path: { steps }, mark, builder, canary }: Case): SignedImageArgs {
  const key = steps[0] === 'keyless' ? { keyless: {} } : { key: { ref: 'cosign.key' } };
  const declared = {
    image: 'host.test/app:v1',
    ...key,
    registry: { username: 'robot' },
    ...(builder !== undefined && { build: { builder } }),
  };
  const plain = withValue(declared, steps, canary);
  if (mark === 'none') return plain as SignedImageArgs;
  // An object of the arguments is plain (docs/explanation/adr/0003): the map or list in it is what may be an output.
  const depth = mark === 'leaf' || steps.length < 3 ? steps.length : steps.length - 1;
  return wrapped(plain, steps.slice(0, depth), (value) => pulumi.secret(value)) as SignedImageArgs;
}

function plainPart(value: unknown): unknown {
  if (isRpcSecret(value)) return 'secret';
  if (Array.isArray(value)) return value.map(plainPart);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plainPart(each)]));
}

const shows = (value: unknown): boolean => secretsIn(String(value), { CANARY }).length > 0;

/** Of `build` without a builder, a component without `build` is not tried twice. */
async function registrationsOf(each: Case, name: string): Promise<unknown> {
  registered.splice(0);
  try {
    const image = new SignedImage(name, argumentsOf(each));
    await new Promise((resolve) => void image.verification.apply(resolve));
    return JSON.stringify(registered.map(({ type, inputs }) => [type, plainPart(inputs)]));
  } catch (error) {
    const { errors } = error as { readonly errors?: unknown };
    return `${(error as Error).message} ${JSON.stringify(errors)}`;
  }
}

test('a secret in any input of SignedImage is registered as a secret, in every resource that receives it', async () => {
  const all = cases(inputCount(1000, 300));
  const differences: string[] = [];
  let registrations = 0;
  for (const [index, each] of all.entries()) {
    const shown = await registrationsOf(each, `image-${index}`);
    registrations += registered.length;
    if (shows(shown)) {
      differences.push(
        `${each.path.steps.join('.')} (${each.mark}, ${each.builder}): ${String(shown)}`,
      );
    }
  }
  recordOracle('secret inputs of the component, by the SDK', all.length, differences.length);
  expect(differences).toEqual([]);
  expect(registrations).toBeGreaterThan(all.length);
});
