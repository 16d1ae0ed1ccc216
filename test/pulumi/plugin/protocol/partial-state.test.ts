import { PartialStateError } from '../../../../src/pulumi/plugin/protocol/partial-state';
import { Secret } from '../../../../src/pulumi/plugin/protocol/wire-value';
import { type PushedImage, pushImage } from '../../../interop/support/images';
import { openWorkbench, PASSWORD, plain, type Record, type Workbench } from '../support/workbench';

let bench: Workbench;
let image: PushedImage;

beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  bench.registry.settings.faults = undefined;
  image = await pushImage(bench.registry.host);
});

const declared = (more: object = {}): object => ({
  image: image.reference,
  key: { ref: 'cosign.key', password: new Secret(PASSWORD) },
  format: 'both',
  ...more,
});
const cut = async (signing: Promise<unknown>): Promise<PartialStateError> => {
  const error: unknown = await signing.catch((reason: unknown) => reason);
  if (!(error instanceof PartialStateError)) throw error;
  return error;
};
/** The state that an engine stores after a failure. */
const recordOf = async ({ id, outputs }: PartialStateError, more?: object): Promise<Record> => {
  const urn = 'urn:pulumi:s::p::signed-image:index:ImageSignature::app';
  const { log } = bench;
  const { inputs } = await bench
    .resource('ImageSignature')
    .check({ urn, olds: {}, news: declared(more) as never, log });
  return { id, inputs, outputs };
};
const formats = (of: { readonly outputs: Record['outputs'] }, name: string): readonly string[] =>
  (plain(of.outputs, name) as { format: string }[]).map(({ format }) => format);

describe('signing that fails', () => {
  it('before it writes leaves nothing', async () => {
    bench.registry.settings.faults = ({ method, path }) =>
      method === 'GET' && path.includes('/referrers/') ? { status: 403 } : undefined;
    await expect(bench.create('ImageSignature', declared())).rejects.toMatchObject({
      code: 'REGISTRY_FORBIDDEN',
    });
  });

  it('after it began records completed and pending writes, and an update completes the rest', async () => {
    bench.registry.settings.faults = ({ method, path }) =>
      method === 'PUT' && path.endsWith('.sig') ? { status: 403 } : undefined;
    const failed = await cut(bench.create('ImageSignature', declared()));
    bench.registry.settings.faults = undefined;
    expect(failed.id).toBe(image.repository);
    expect(failed.reason).toMatchObject({ code: 'REGISTRY_FORBIDDEN' });
    expect(formats(failed, 'signatures')).toEqual(['bundle']);
    expect(formats(failed, 'written')).toEqual(['bundle', 'legacy']);
    expect(String((plain(failed.outputs, 'drift') as string[])[0])).toContain('did not complete');

    const before = await recordOf(failed);
    bench.said.splice(0);
    const next = await bench.update('ImageSignature', before, declared());
    expect(next.changed).toEqual(['signatures']);
    expect(bench.said.at(-1)).toMatch(/1 created, 1 reused$/);
    expect(formats(next, 'signatures')).toEqual(['bundle', 'legacy']);
    expect(plain(next.outputs, 'drift')).toEqual([]);
  });

  it('is completed even if only `deletion` was changed meanwhile', async () => {
    bench.registry.settings.faults = ({ method, path }) =>
      method === 'PUT' && path.endsWith('.sig') ? { status: 403 } : undefined;
    const failed = await cut(bench.create('ImageSignature', declared()));
    bench.registry.settings.faults = undefined;
    const next = await bench.update(
      'ImageSignature',
      await recordOf(failed),
      declared({ deletion: 'signatures' }),
    );
    expect(next.changed).toEqual(['deletion', 'signatures']);
    expect(formats(next, 'signatures')).toEqual(['bundle', 'legacy']);
  });

  it('whose signature was stored in spite of the error records it as its own', async () => {
    bench.registry.settings.faults = ({ method, path, body }) => {
      if (method !== 'PUT' || !path.includes('/manifests/sha256:')) return undefined;
      // The signature is stored, and the response is an error.
      const name = image.repository.slice(image.repository.indexOf('/') + 1);
      const { mediaType } = JSON.parse(body.toString()) as { mediaType: string };
      bench.registry.store.putManifest(name, { mediaType, bytes: body });
      return { status: 403 };
    };
    const failed = await cut(bench.create('ImageSignature', declared({ deletion: 'signatures' })));
    bench.registry.settings.faults = undefined;
    expect(formats(failed, 'signatures')).toEqual([]);
    bench.said.splice(0);
    const more = { deletion: 'signatures' };
    const next = await bench.update('ImageSignature', await recordOf(failed, more), declared(more));
    expect(bench.said.at(-1)).toMatch(/1 created, 1 reused$/);
    await bench.remove('ImageSignature', next);
    expect(bench.said.at(-1)).toBe(`removed 2 signatures from ${image.repository}`);
  });
});
