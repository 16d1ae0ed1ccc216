import * as pulumi from '@pulumi/pulumi';

import type { SignedImageArgs } from '../../../src/pulumi/component/args';
import { remoteOutputsOf, SignedImage } from '../../../src/pulumi/component/signed-image';
import { INPUT_TYPES, membersOf, RESOURCE_INPUTS } from '../../../src/pulumi/secrecy/input-table';

/** Each case creates the component once for each input. */
const MINUTES = 600_000;
const DIGEST = `sha256:${'a'.repeat(64)}`;

const STATE: Record<string, object> = {
  SigningPlan: { image: 'host.test/app', repository: 'host.test/app', digest: DIGEST },
  ImageBuild: { claimedDigest: DIGEST, facts: {}, summary: {} },
  ImageSignature: {
    signer: { kind: 'key', publicKey: 'a public key' },
    signedAnnotations: { branch: 'main' },
    signatures: [],
    bundles: [],
    logEntries: [],
    witnessed: 'none',
    signedProvenance: null,
  },
  VerifiedImage: {
    digest: DIGEST,
    imageRef: `host.test/app@${DIGEST}`,
    signer: { kind: 'key' },
    signedAnnotations: { branch: 'main' },
    verification: '{}',
  },
};

const made = new Map<string, unknown>();

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: ({ type, name, inputs }) => {
      made.set(name, inputs);
      const state = STATE[type.split(':').at(-1) ?? ''];
      return { id: `${name}-id`, state: { ...(inputs as object), ...state } };
    },
  });
});
beforeEach(() => made.clear());

const BASES: Readonly<Record<string, SignedImageArgs>> = {
  'an existing image': { image: `host.test/app@${DIGEST}`, key: { ref: 'cosign.key' } },
  'a build': { image: 'host.test/app', key: { ref: 'cosign.key' }, build: { context: 'app' } },
};

/** The inputs that a program may leave out, at each depth; a member of an object has the object as its parent. */
const optional = (base: SignedImageArgs): readonly (readonly string[])[] =>
  Object.entries(RESOURCE_INPUTS.SignedImage).flatMap(([name, member]) => {
    const inner = Object.keys(membersOf(member) ?? {}).map((each) => [name, each]);
    return [...(name in base ? [] : [[name]]), ...inner];
  });

function withValue(base: SignedImageArgs, [name, member]: readonly string[], value: unknown) {
  if (member === undefined) return { ...base, [String(name)]: value };
  const given = (base as unknown as Record<string, Record<string, unknown>>)[String(name)] ?? {};
  if (given[member] !== undefined) return base;
  return { ...base, [String(name)]: { ...given, [member]: value } };
}

const resolved = (image: SignedImage): Promise<unknown> =>
  new Promise((resolve) => void pulumi.output(remoteOutputsOf(image)).apply(resolve));

/** The engine of this test receives an object with a secret member as a secret. */
const SECRET = '4dabf18193072939515e22adb298388d';

/** Without members that are absent in one of several forms, and without the objects that have no others. */
function withoutAbsent(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (SECRET in value) return withoutAbsent((value as { readonly value?: unknown }).value);
  const members = Object.entries(value)
    .map(([name, member]) => [name, withoutAbsent(member)] as const)
    .filter(([, member]) => member !== undefined && member !== null)
    .filter(([, member]) => JSON.stringify(member) !== '{}')
    // No path is as good as no list of paths.
    .filter(([name, member]) => name !== 'nonsecret' || JSON.stringify(member) !== '[]');
  return Object.fromEntries(members);
}

async function inputsWith(args: SignedImageArgs): Promise<unknown> {
  made.clear();
  await resolved(new SignedImage('app', args));
  return withoutAbsent(Object.fromEntries(made));
}

describe.each(Object.entries(BASES))('inputs of %s without a value', (_what, base) => {
  it('include every object of the table', () => {
    expect(optional(base)).toContainEqual(['verify', Object.keys(INPUT_TYPES.VerifyArgs)[0]]);
  });

  it.each([
    ['null', null],
    ['an output of null', pulumi.output(Promise.resolve(null))],
    ['an output of undefined', pulumi.output(Promise.resolve(undefined))],
  ] as const)(
    'are as if they were left out: %s',
    async (form, value) => {
      const expected = await inputsWith(base);
      for (const path of optional(base)) {
        const isObject =
          path.length === 1 &&
          membersOf(RESOURCE_INPUTS.SignedImage[String(path[0])] as never) !== undefined;
        // An object that is an output as a whole is refused; the builder must be known.
        if (form !== 'null' && (isObject || path.join('.') === 'build.builder')) continue;
        // A build without a context is refused by the plan.
        if (path[0] === 'build' && base.build === undefined && path.length > 1) continue;
        const actual = await inputsWith(withValue(base, path, value) as SignedImageArgs);
        expect({ path, actual }).toEqual({ path, actual: expected });
      }
    },
    MINUTES,
  );
});
