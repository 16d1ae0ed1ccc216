import { parseStackState, stackImageOf } from '../../src/audit/stack-state';
import { parseDigest } from '../../src/oci';
import { thrownBy } from '../sign/support/failure';

const INDEX = parseDigest(`sha256:${'1a'.repeat(32)}`);
const PLATFORM = parseDigest(`sha256:${'2b'.repeat(32)}`);
const OTHER = parseDigest(`sha256:${'3c'.repeat(32)}`);
const COMMIT = '12'.repeat(20);
const SECRET = { '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' };

const predicate = (gitCommit: string) =>
  JSON.stringify({ buildDefinition: { resolvedDependencies: [{ digest: { gitCommit } }] } });

const verified = (outputs: object, more: object = {}) => ({
  urn: 'urn:pulumi:prod::shop::signed-image:index:SignedImage$signed-image:index:VerifiedImage::app',
  type: 'signed-image:index:VerifiedImage',
  inputs: { provenance: { commit: 'ab'.repeat(20) } },
  outputs: { digest: INDEX, imageRef: `registry.example.com/app@${INDEX}`, ...outputs },
  ...more,
});

const state = (...resources: readonly object[]) =>
  parseStackState(JSON.stringify({ version: 3, deployment: { resources } }));

describe('the state of a stack', () => {
  test('names its verified images, with their platforms and commit', () => {
    const verification = JSON.stringify({ manifests: [{ digest: INDEX }, { digest: PLATFORM }] });
    const read = state(verified({ verification, verifiedProvenance: predicate(COMMIT) }));
    expect(read.images).toEqual([
      {
        name: 'app',
        imageRef: `registry.example.com/app@${INDEX}`,
        digests: [INDEX, PLATFORM],
        commit: COMMIT,
      },
    ]);
    expect(stackImageOf(read, PLATFORM)?.name).toBe('app');
    expect(stackImageOf(read, OTHER)).toBeUndefined();
    expect(stackImageOf(undefined, INDEX)).toBeUndefined();
  });

  test('has the required commit if provenance is not kept', () => {
    expect(state(verified({})).images[0]?.commit).toBe('ab'.repeat(20));
  });

  test('knows the log entries of its signatures', () => {
    const signature = {
      type: 'signed-image:index:ImageSignature',
      outputs: {
        logEntries: [
          { subject: INDEX, logIndex: '7' },
          { subject: INDEX, logIndex: '8' },
          { subject: INDEX },
        ],
      },
    };
    const { logIndexes } = state(verified({}), signature);
    expect(logIndexes.get(INDEX)).toEqual(new Set(['7', '8']));
  });

  test('leaves out what waits to be deleted, and what is not verified', () => {
    const gone = verified({ digest: OTHER }, { delete: true });
    const broken = verified({ digest: undefined, imageRef: undefined });
    expect(state(verified({}), gone, broken).images).toHaveLength(1);
  });

  test.each([
    ['no JSON', 'canary-of-a-file'],
    ['no deployment', '{}'],
    ['no resources', '{"deployment": {}}'],
    ['no verified image', '{"deployment": {"resources": []}}'],
    [
      'encrypted digests',
      JSON.stringify({ deployment: { resources: [verified({ digest: SECRET })] } }),
    ],
  ])('%s: an error that names the input to set', (_what, text) => {
    const error = thrownBy(() => parseStackState(text));
    expect(error).toMatchObject({ code: 'INPUT_INVALID', property: 'stackState' });
    expect(error.message).toContain('pulumi stack export');
    expect(error.message).not.toContain('canary');
  });
});
