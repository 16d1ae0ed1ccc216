import { type KeyObject, createHash, generateKeyPairSync, sign } from 'node:crypto';

import { canonicalEntry } from '../../dev/sigstore';
import { preAuthEncoding } from '../../dev/sigstore/rekor-entry';
import { pushImage } from './support/images';
import { signWithOurs } from './support/ours';
import { testSigner } from './support/signers';
import { startStack } from './support/stack';
import { runTool, toolPath } from './support/tools';

/** What the real Rekor would store for each proposed entry; `error: ...` where it would refuse. */
async function realRekor(proposed: readonly unknown[]): Promise<string[]> {
  const input = proposed.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  const run = await runTool(toolPath('rekorcanon'), [], { input });
  expect(run).toMatchObject({ code: 0 });
  return run.stdout.trim().split('\n');
}

const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');

function keyPair(type: 'ec' | 'rsa') {
  const { publicKey, privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), privateKey };
}

const TYPE = 'application/vnd.in-toto+json';
const PAYLOAD = Buffer.from('{"_type":"x","subject":[{"digest":{"sha256":"é"}}]}');

interface Pair {
  readonly pem: string;
  readonly privateKey: KeyObject;
}

function dsse(keys: readonly Pair[], others: readonly Pair[] = [], keyid = '') {
  const signatures = keys.map(({ privateKey }) => ({
    sig: base64(sign('sha256', preAuthEncoding(TYPE, PAYLOAD), privateKey)),
    keyid,
  }));
  const envelope = JSON.stringify(
    { payload: base64(PAYLOAD), payloadType: TYPE, signatures },
    null,
    1,
  );
  const verifiers = [...keys, ...others].map(({ pem }) => base64(pem));
  return { apiVersion: '0.0.1', kind: 'dsse', spec: { proposedContent: { envelope, verifiers } } };
}

function hashedRekord(
  { pem, privateKey }: { pem: string; privateKey: KeyObject },
  signed = PAYLOAD,
) {
  return {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: {
        hash: { algorithm: 'sha256', value: createHash('sha256').update(PAYLOAD).digest('hex') },
      },
      signature: {
        content: base64(sign('sha256', signed, privateKey)),
        publicKey: { content: base64(pem) },
      },
    },
  };
}

test('our entries are, byte for byte, those of the real Rekor', async () => {
  const [ec, other, rsa] = [keyPair('ec'), keyPair('ec'), keyPair('rsa')];
  // Line ends and text around the PEM are the sender's; the stored form has neither.
  const loose = { ...ec, pem: `comment\n${ec.pem}\n\n` };
  const proposed = [
    dsse([ec]),
    dsse([rsa]),
    dsse([ec, other]),
    dsse([other, rsa, ec]),
    dsse([loose]),
    // A verifier too many, after those that are needed.
    dsse([ec], [other]),
    dsse([ec], [], 'a key id'),
    hashedRekord(ec),
    hashedRekord(rsa),
    hashedRekord(loose),
  ];
  expect(await realRekor(proposed)).toEqual(
    proposed.map((entry) => base64(canonicalEntry(entry).body)),
  );
});

test('what the real Rekor refuses, ours refuses', async () => {
  const [ec, other] = [keyPair('ec'), keyPair('ec')];
  const unsigned = dsse([ec]);
  const proposed: unknown[] = [
    hashedRekord(ec, Buffer.from('another payload')),
    {
      ...unsigned,
      spec: {
        proposedContent: { ...unsigned.spec.proposedContent, verifiers: [base64(other.pem)] },
      },
    },
    { ...unsigned, spec: { proposedContent: { ...unsigned.spec.proposedContent, envelope: '{' } } },
    {
      ...unsigned,
      spec: {
        proposedContent: { ...unsigned.spec.proposedContent, verifiers: [base64('no PEM')] },
      },
    },
    {
      ...unsigned,
      spec: {
        proposedContent: {
          ...unsigned.spec.proposedContent,
          verifiers: [base64(other.pem), base64(ec.pem)],
        },
      },
    },
  ];
  for (const answer of await realRekor(proposed)) expect(answer).toMatch(/^error: /);
  for (const entry of proposed) expect(() => canonicalEntry(entry)).toThrow();
});

test('what a signing run with a certificate left in our log is what the real Rekor would hold', async () => {
  const stack = await startStack({ referrersApi: true });
  try {
    const image = await pushImage(stack.registry.host);
    await signWithOurs(image, await testSigner(stack, 'keyless + log'), { format: 'both' });
    const posts = stack.sigstore.requests.filter(
      ({ service, path, status }) =>
        service === 'rekor' && path === '/api/v1/log/entries' && status === 201,
    );
    const proposed = posts.map(({ body }) => JSON.parse(body.toString('utf8')) as { kind: string });
    expect(new Set(proposed.map(({ kind }) => kind))).toEqual(new Set(['dsse', 'hashedrekord']));
    expect(await realRekor(proposed)).toEqual(
      stack.sigstore.log.entries.map(({ body }) => base64(body)),
    );
  } finally {
    await stack.close();
  }
});
