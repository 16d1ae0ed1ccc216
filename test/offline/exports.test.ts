import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createCertificateAuthority } from '../../dev/sigstore/certificate-authority';
import { mapBounded } from '../../src/storage/bounded';
import type { PushedImage } from '../interop/support/images';
import type { TestSigner } from '../interop/support/signers';
import { type Stack, startStack } from '../interop/support/stack';
import { AlteredExport } from './support/altered-export';
import {
  archiveOf,
  CASES,
  exported,
  extracted,
  IDENTITY,
  offlineSigner,
  signedImage,
} from './support/cases';
import { FALSIFICATIONS } from './support/falsified';
import { type ReadmeBlock, readmeBlocks } from './support/readme';
import { tally } from './support/tally';
import { type Isolation, startIsolation } from './support/verifiers';

const PARALLEL_RUNS = 3;
/** Errors of a command that did not get as far as the verification. */
const NOT_RUN = /no such file|cannot open|: not found|ModuleNotFound|unknown (?:flag|option)/i;
/** Exit codes of a shell for a program that cannot be started. */
const NOT_STARTED: readonly number[] = [126, 127];

jest.setTimeout(300_000);

let stack: Stack;
let isolation: Isolation;
let foreign: Buffer;
/** Its signature has the first entry of a log. */
let first: PushedImage;
const FIRST_SIGNER = 'keyless + log v2 + timestamp' as const;
const signers = new Map<string, TestSigner>();

beforeAll(async () => {
  stack = await startStack({ referrersApi: true });
  isolation = await startIsolation(stack.folder);
  // The sample may have no case with the signer of the first entry.
  for (const signer of [FIRST_SIGNER, ...CASES.map((each) => each.signer)])
    if (!signers.has(signer)) signers.set(signer, await offlineSigner(stack, signer));
  const { entries } = stack.sigstore.logV2;
  expect(entries).toEqual([]);
  first = await signedImage(stack, signers.get(FIRST_SIGNER)!, {
    format: 'bundle',
    shape: 'image',
  });
  foreign = await certificateOfAnotherAuthority();
});
afterAll(() => stack?.close());

/** A certificate with the right identity and issuer, issued by an unknown authority. */
async function certificateOfAnotherAuthority(): Promise<Buffer> {
  const authority = await createCertificateAuthority();
  return authority.issue({
    publicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    identity: IDENTITY,
    extensions: [{ oid: '1.3.6.1.4.1.57264.1.8', value: stack.sigstore.issuer.url }],
    lifetimeMinutes: 10,
    sct: true,
  });
}

/** Runs the commands in the namespace; returns those with another outcome than the expected one. */
async function unexpected(
  blocks: readonly ReadmeBlock[],
  folder: string,
  expected: 'verified' | 'refused',
): Promise<readonly object[]> {
  const runs = await mapBounded(blocks, PARALLEL_RUNS, async (block) => {
    const { code, stdout, stderr } = await isolation.run(block.script, folder);
    const refused = code !== 0 && !NOT_STARTED.includes(code) && !NOT_RUN.test(stderr);
    const isExpected = expected === 'verified' ? code === 0 : refused;
    const { verifier } = block;
    tally({ kind: 'run', verifier, outcome: isExpected ? expected : 'failed' });
    return isExpected ? [] : [{ ...block, code, stdout, stderr }];
  });
  return runs.flat();
}

async function blocksOf(folder: string): Promise<readonly ReadmeBlock[]> {
  return readmeBlocks(await readFile(join(folder, 'README.md'), 'utf8'));
}

test('the namespace of the commands has no route', async () => {
  const route = await isolation.run('cat /proc/net/route /proc/net/ipv6_route', stack.folder);
  expect(
    route.stdout
      .trim()
      .split('\n')
      .slice(1)
      .filter((line) => !/\slo$/.test(line)),
  ).toEqual([]);
  const { host } = stack.registry;
  const fetched = await isolation.run(
    `'${process.execPath}' -e "fetch('http://${host}/v2/').then(() => console.log('reached'))"`,
    stack.folder,
  );
  expect(fetched.code).not.toBe(0);
});

test('the first entry of a log, whose index JSON of protobuf messages omits, is verified by all', async () => {
  const folder = join(stack.folder, 'first-entry');
  await exported(stack, signers.get(FIRST_SIGNER)!, first, folder, false);
  const blocks = await blocksOf(folder);
  const verifiers = new Set(blocks.map(({ verifier }) => verifier));
  expect([...verifiers]).toEqual(expect.arrayContaining(['sigstore-python', 'sigstore-go']));
  expect(await unexpected(blocks, folder, 'verified')).toEqual([]);
});

test.each(['key', 'keyless + log + timestamp'] as const)(
  'the proof output of %s is verified by all, as an export is',
  async (kind) => {
    const signer = signers.get(kind)!;
    const image = await signedImage(stack, signer, { format: 'both', shape: 'index' });
    const archive = await archiveOf(stack, signer, image);
    const folder = await extracted(stack, archive, `proof-of-${kind.slice(0, 7)}`);
    const blocks = await blocksOf(folder);
    const verifiers = new Set(blocks.map(({ verifier }) => verifier));
    expect([...verifiers]).toEqual(expect.arrayContaining(['signed-image', 'cosign']));
    expect(await unexpected(blocks, folder, 'verified')).toEqual([]);
  },
);

describe.each(CASES)('$signer, format $format, $shape', (each) => {
  const label = `${each.signer}-${each.format}-${each.shape}`.replaceAll(/[^a-z0-9]+/gi, '-');
  const folderOf = (name: string): string => join(stack.folder, `${label}-${name}`);
  let blocks: readonly ReadmeBlock[];

  beforeAll(async () => {
    const signer = signers.get(each.signer)!;
    for (const name of ['export', 'other']) {
      const image = await signedImage(stack, signer, each);
      await exported(stack, signer, image, folderOf(name), each.withLayers);
    }
    tally({ kind: 'export' });
    blocks = await blocksOf(folderOf('export'));
  });

  test('the commands of its README verify it without a route', async () => {
    const verifiers = new Set(blocks.map(({ verifier }) => verifier));
    expect([...verifiers]).toEqual(expect.arrayContaining(['signed-image', 'cosign']));
    expect(await unexpected(blocks, folderOf('export'), 'verified')).toEqual([]);
  });

  const kind = each.signer.includes('keyless') ? 'keyless' : 'key';
  const falsifications = FALSIFICATIONS.filter(
    (falsification) => (falsification.signers ?? kind) === kind,
  );
  if (!each.falsified) return;
  test.each(falsifications)('$name is refused', async ({ name, apply }) => {
    const folder = folderOf(name.replaceAll(' ', '-'));
    const altered = await AlteredExport.copyOf(folderOf('export'), folder);
    const other = await AlteredExport.copyOf(folderOf('other'), `${folder}-other`);
    await apply(altered, other, foreign);
    // The platforms of an index keep their digests.
    const concerned = blocks.filter(
      ({ caption }) => name !== 'another digest' || !/of linux/.test(caption),
    );
    // Whoever requires no digest, or the wrong one, must be protected, too.
    const { digest } = await altered.json<{ digest: string }>('export.json');
    const scripts = concerned.map((block) => ({
      ...block,
      script: block.script.replace(/--digest \S+/, `--digest ${digest}`),
    }));
    expect(await unexpected(scripts, folder, 'refused')).toEqual([]);
  });
});
