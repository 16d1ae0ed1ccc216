import { sign } from 'node:crypto';

import { type RequirementArgs, tektonChains } from '../../../src/core';
import { type PushedImage, pushImage } from '../../interop/support/images';
import { type Stack, startStack } from '../../interop/support/stack';
import { alterLayers, copyBeside, legacyTag } from '../../interop/support/tampering';
import {
  alterEnvelope,
  attestedByChains,
  changeStatement,
  type ChainsKey,
  chainsKey,
  type Envelope,
  resign,
  SOURCE,
  type Statement,
} from '../support/chains';
import { describeShape, type Shape, type Sibling } from '../support/shape';

let stack: Stack;
let key: ChainsKey;
let otherKey: ChainsKey;
beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
  [key, otherKey] = await Promise.all([chainsKey(stack, 'chains'), chainsKey(stack, 'other')]);
});
afterAll(() => stack.close());

const attested = (config: Readonly<Record<string, string>>, source = SOURCE) =>
  attestedByChains(stack, { key, config, source });
const altered = (change: (envelope: Envelope) => void) => (image: PushedImage) =>
  alterEnvelope(stack, image, change);
/** What Chains would have signed. */
const signed = (change: (statement: Statement) => object) =>
  altered((envelope) => {
    changeStatement(envelope, change);
    resign(envelope, key);
  });

function withoutLayers(image: PushedImage, tag: string): PushedImage {
  const { store } = stack.registry;
  const path = image.repository.slice(image.repository.indexOf('/') + 1);
  const stored = store.getManifest(path, legacyTag(image, 'att'));
  if (stored === undefined) throw new Error('there is no attestation');
  store.deleteManifest(path, legacyTag(image, 'att'));
  store.putManifest(path, stored, { tag });
  return image;
}

interface Format {
  readonly config: Readonly<Record<string, string>>;
  readonly slsa: '1' | '0.2';
}

/** What the siblings of both versions of SLSA have in common; the members of the predicate have other places. */
function siblingsOf({ config, slsa }: Format): readonly Sibling<PushedImage>[] {
  const isV1 = slsa === '1';
  const type = isV1 ? 'https://slsa.dev/provenance/v1' : 'https://slsa.dev/provenance/v0.2';
  const otherType = isV1 ? 'https://slsa.dev/provenance/v0.2' : 'https://slsa.dev/provenance/v1';
  const missing = new RegExp(`no attestation of type ${type} was found`);
  return [
    {
      name: 'the attestation of another image beside it',
      make: async (image) => {
        const other = await pushImage(stack.registry.host);
        await copyBeside(stack, image, other);
        return other;
      },
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /it is about another image/,
      cosign: 'refuses',
    },
    {
      name: 'the key of another Chains',
      make: () => attestedByChains(stack, { key: otherKey, config }),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /no trusted key verifies it: it was signed with another key, or it was modified/,
      cosign: 'refuses',
    },
    {
      name: 'a predicate that was altered after signing',
      make: altered((envelope) =>
        changeStatement(envelope, (statement) => ({
          ...statement,
          predicate: { ...statement.predicate, added: true },
        })),
      ),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /no trusted key verifies it/,
      cosign: 'refuses',
    },
    {
      name: 'a subject that was added after signing',
      make: altered((envelope) =>
        changeStatement(envelope, (statement) => ({
          ...statement,
          subject: [
            ...(statement['subject'] as readonly object[]),
            { name: 'other', digest: { sha256: 'ab'.repeat(32) } },
          ],
        })),
      ),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /no trusted key verifies it/,
      cosign: 'refuses',
    },
    {
      name: 'the subject of another image, signed',
      make: signed((statement) => ({
        ...statement,
        subject: [{ name: 'other', digest: { sha256: 'ab'.repeat(32) } }],
      })),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /it is about another image/,
      cosign: 'refuses',
    },
    {
      name: 'no subject, signed',
      make: signed((statement) => ({ ...statement, subject: [] })),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /it is about another image/,
      cosign: 'refuses',
    },
    {
      name: 'another payload type, signed',
      make: altered((envelope) => {
        envelope.payloadType = 'application/json';
        resign(envelope, key);
      }),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /its payload is of type "application\/json"/,
      cosign: 'refuses',
    },
    {
      name: 'another type of statement, signed',
      make: signed((statement) => ({ ...statement, _type: 'https://example.com/Statement/v1' })),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /not an in-toto statement: its _type is "https:\/\/example\.com\/Statement\/v1"/,
      // It does not compare the type of the statement.
      cosign: 'accepts',
    },
    {
      name: 'a signature of the payload without its type',
      make: altered((envelope) => {
        const body = Buffer.from(envelope.payload, 'base64');
        const sig = sign('sha256', body, key.privateKey).toString('base64');
        envelope.signatures = envelope.signatures.map(({ keyid }) => ({ keyid, sig }));
      }),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /no trusted key verifies it/,
      cosign: 'refuses',
    },
    {
      name: 'no signature',
      make: altered((envelope) => {
        envelope.signatures = [];
      }),
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /not a valid signature layer: invalid v0\.1 bundle/,
      cosign: 'refuses',
    },
    {
      name: 'another predicate type with the same content, signed',
      make: signed((statement) => ({ ...statement, predicateType: otherType })),
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missing,
      cosign: 'refuses',
    },
    {
      name: 'its layer as a signature of the image',
      make: async (image) => withoutLayers(image, legacyTag(image, 'sig')),
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missing,
      cosign: 'refuses',
    },
    {
      name: 'its layer for another digest',
      make: async (image) => withoutLayers(image, `sha256-${'ab'.repeat(32)}.att`),
      code: 'VERIFY_ATTESTATION_MISSING',
      reason: missing,
      cosign: 'refuses',
    },
    {
      name: 'a layer without an envelope',
      make: async (image) => {
        const tag = legacyTag(image, 'att');
        const alter = (layer: { payload: string }): void => {
          const { payload } = JSON.parse(layer.payload) as Envelope;
          layer.payload = Buffer.from(payload, 'base64').toString();
        };
        await alterLayers(stack, image, alter, tag);
        return image;
      },
      code: 'VERIFY_SIGNATURE_INVALID',
      reason: /not a valid signature layer: invalid v0\.1 bundle/,
      cosign: 'refuses',
    },
    {
      name: 'another builder',
      make: () => attested({ ...config, 'builder.id': 'https://example.com/builder' }),
      code: 'VERIFY_CONDITION_UNMET',
      reason: /it does not meet the condition/,
      cosign: 'accepts',
    },
    {
      name: 'another source',
      make: () => attested(config, 'https://github.com/octo-org/octo-repo-fork'),
      code: 'VERIFY_CONDITION_UNMET',
      reason: /it does not meet the condition/,
      cosign: 'accepts',
    },
    {
      name: 'another build type, signed',
      make: signed((statement) => {
        const { predicate } = statement;
        const definition = predicate['buildDefinition'] as object;
        const buildType = 'https://example.com/build';
        return {
          ...statement,
          predicate: isV1
            ? { ...predicate, buildDefinition: { ...definition, buildType } }
            : { ...predicate, buildType },
        };
      }),
      code: 'VERIFY_CONDITION_UNMET',
      reason: /it does not meet the condition/,
      cosign: 'accepts',
    },
  ];
}

function shapeOf(name: string, { config, slsa }: Format): Shape<PushedImage> {
  return {
    name: `Tekton Chains, ${name}`,
    make: () => attested(config),
    requirement: (): RequirementArgs => ({
      ...tektonChains({ slsa, source: SOURCE }),
      keys: [key.publicPath],
    }),
    cosign: async (image) => {
      const type = slsa === '1' ? 'slsaprovenance1' : 'slsaprovenance02';
      const run = await stack.cosign([
        ...['verify-attestation', '--new-bundle-format=false', '--key', key.publicPath],
        ...['--insecure-ignore-tlog', '--type', type, image.reference],
      ]);
      return run.code === 0;
    },
  };
}

const format = (name: string, more = {}) => ({ 'artifacts.taskrun.format': name, ...more });
const TEKTON = { 'builddefinition.buildtype': 'https://tekton.dev/chains/v2/slsa-tekton' };
const FORMATS: Readonly<Record<string, Format>> = {
  'slsa/v2alpha4': { config: format('slsa/v2alpha4'), slsa: '1' },
  'slsa/v2alpha3 of type slsa-tekton': { config: format('slsa/v2alpha3', TEKTON), slsa: '1' },
  'slsa/v1': { config: format('slsa/v1'), slsa: '0.2' },
  'in-toto': { config: format('in-toto'), slsa: '0.2' },
};

for (const [name, each] of Object.entries(FORMATS)) {
  describeShape(shapeOf(name, each), siblingsOf(each));
}
