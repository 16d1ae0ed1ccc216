import { generateKeyPairSync } from 'node:crypto';

import * as pulumi from '@pulumi/pulumi';

import {
  AdmissionPolicy,
  FluxVerification,
  KyvernoClusterPolicy,
  KyvernoPolicy,
  PolicyControllerPolicy,
} from '../../../src/enforce/admission';
import { digestPolicy, fluxVerification } from '../../../src/enforce/admission/generators';

const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'pem',
  type: 'spki',
}) as string;
const HIDDEN = 'canary-value-of-a-misspelt-member';
const IMAGE = `host.test/app@sha256:${'a'.repeat(64)}`;

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
  });
});

function problemsOf(create: () => unknown): readonly string[] {
  try {
    create();
  } catch (error) {
    const { message } = error as Error;
    expect(message).not.toContain(HIDDEN);
    return message.split('\n');
  }
  return [];
}

const signers = {
  keys: [KEY],
  images: ['host.test/*'],
  anotations: { team: HIDDEN },
  provenance: { builderID: HIDDEN },
  identities: [{ identity: 'a@b.test', isuer: HIDDEN, issuer: 'https://i.test' }],
  action: 'Refuse',
};

describe('a misspelt member of an admission policy', () => {
  it.each([KyvernoPolicy, KyvernoClusterPolicy, PolicyControllerPolicy, FluxVerification])(
    'is refused by %p, with the name that was meant and every other problem',
    (Policy) => {
      expect(problemsOf(() => new Policy('p', signers as never))).toEqual([
        'anotations: unknown; did you mean "annotations"?',
        'provenance.builderID: unknown; did you mean "builderId"?',
        'identities[0].isuer: unknown; did you mean "issuer"?',
        'action: must be one of Deny, Warn, Audit',
      ]);
    },
  );

  it('is refused where the keys are outputs, before they are known', () => {
    const args = { keys: pulumi.output([KEY]), images: ['host.test/*'], formt: 'legacy' };
    expect(problemsOf(() => new KyvernoPolicy('p', args as never))).toEqual([
      'formt: unknown; did you mean "format"?',
    ]);
  });

  it('is refused by AdmissionPolicy, at any depth', () => {
    const args = {
      images: pulumi.output([IMAGE]),
      exempt: [{ image: 'registry.k8s.io/*', reason: 'the base', raeson: HIDDEN }],
      namespace: ['a'],
    };
    expect(problemsOf(() => new AdmissionPolicy('p', args as never))).toEqual([
      'exempt[0].raeson: unknown; did you mean "reason"?',
      'namespace: unknown; did you mean "namespaces"?',
    ]);
  });

  it('is refused by the generators too', () => {
    const args = { name: 'p', images: [IMAGE], actoin: 'Warn' };
    expect(problemsOf(() => digestPolicy(args))).toEqual([
      'actoin: unknown; did you mean "action"?',
    ]);
    const flux = { name: 'p', keys: [KEY], images: ['host.test/app'], intervall: '1m' };
    expect(problemsOf(() => fluxVerification(flux))).toEqual([
      'intervall: unknown; did you mean "interval"?',
    ]);
  });

  it('is not an annotation, whose names the caller chooses', () => {
    const flux = { name: 'p', keys: [KEY], images: ['host.test/app'], interval: '1m' };
    const annotations = { anotations: 'x' };
    expect(problemsOf(() => fluxVerification({ ...flux, namespace: 'n', annotations }))).toEqual(
      [],
    );
  });

  it.each([KyvernoPolicy, KyvernoClusterPolicy, PolicyControllerPolicy, FluxVerification])(
    'is reported by %p where it is a required one, and where another is not a list',
    (Policy) => {
      const args = { imges: ['host.test/*'], keys: [KEY], namespaces: HIDDEN, identities: {} };
      expect(problemsOf(() => new Policy('p', args as never))).toEqual([
        'imges: unknown; did you mean "images"?',
        'identities: must be a list',
        'namespaces: must be a list',
      ]);
    },
  );

  it('is reported by AdmissionPolicy where it is a required one, and where another is not a list', () => {
    const args = { imges: [IMAGE], exempt: HIDDEN };
    expect(problemsOf(() => new AdmissionPolicy('p', args as never))).toEqual([
      'imges: unknown; did you mean "images"?',
      'exempt: must be a list',
    ]);
  });

  it.each([
    ['keys', { kyes: [KEY] }, 'kyes', 'keys'],
    ['identities', { identites: [] }, 'identites', 'identities'],
    [
      'issuer',
      { keys: [KEY], identities: [{ identity: 'a@b.test', isuer: 'x' }] },
      'isuer',
      'issuer',
    ],
  ])('is the only problem where %s is missing', (_name, args, given, meant) => {
    const policy = { images: ['host.test/*'], ...args };
    expect(problemsOf(() => new KyvernoPolicy('p', policy as never))).toEqual([
      expect.stringContaining(`${given}: unknown; did you mean "${meant}"?`),
    ]);
  });

  it('is the only problem where the reason of an exemption is missing', () => {
    const args = { images: [IMAGE], exempt: [{ image: 'registry.k8s.io/*', raeson: 'the base' }] };
    expect(problemsOf(() => new AdmissionPolicy('p', args as never))).toEqual([
      'exempt[0].raeson: unknown; did you mean "reason"?',
    ]);
  });
});
