import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci';
import { pushImage } from '../../verify/support/lab';
import type { HostileResponse } from '../support/hostile-response';
import { BUNDLE_TYPE, nowhere, type Scene } from '../support/scene';

const entry = (note: string, change: object = {}) => ({
  mediaType: OCI_MANIFEST,
  digest: nowhere(note),
  size: 500,
  artifactType: BUNDLE_TYPE,
  ...change,
});

const many = (count: number) => Array.from({ length: count }, (_, at) => entry(`referrer ${at}`));

const list = (make: (scene: Scene) => readonly unknown[]) => (scene: Scene) =>
  scene.answerReferrers(scene.list(make(scene)));

/** The list, and the link to its next page. */
const link = (make: (scene: Scene, page: number) => string) => (scene: Scene) => {
  let page = 0;
  scene.answerReferrers(() => {
    page += 1;
    return scene.list([], { link: `<${make(scene, page)}>; rel="next"` });
  });
};

const asked: string[] = [];

export const REFERRER_CASES: readonly HostileResponse[] = [
  { name: 'the list of referrers emptied', inject: list(() => []), expect: 'VERIFY_UNSIGNED' },
  {
    name: 'a removed signature',
    operation: 'refresh',
    inject: (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'a web page instead of the list',
    inject: (scene) =>
      scene.answerReferrers({
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<html>Sign in</html>',
      }),
    expect: ['VERIFY_UNSIGNED', 'VERIFY_INCONCLUSIVE'],
  },
  {
    name: 'a list that is temporarily unavailable',
    operation: 'refresh',
    inject: (scene) => scene.answerReferrers({ status: 503 }),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'a listed referrer that is missing',
    inject: list((scene) => [entry('gone'), ...scene.listing()]),
    expect: 'ignored',
  },
  {
    name: 'the right referrer with a wrong size',
    inject: list((scene) => scene.listing().map((one) => ({ ...one, size: 1 }))),
    expect: 'ignored',
  },
  {
    name: 'the right referrer with a very large declared size',
    inject: list((scene) => scene.listing().map((one) => ({ ...one, size: 2 ** 50 }))),
    expect: 'VERIFY_SIGNATURE_INVALID',
  },
  {
    name: 'the right referrer listed as an index',
    inject: list((scene) => scene.listing().map((one) => ({ ...one, mediaType: OCI_INDEX }))),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'a list without types and annotations',
    inject: list((scene) =>
      scene.listing().map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    ),
    expect: 'ignored',
  },
  {
    name: 'a list with annotations of another purpose',
    inject: list((scene) =>
      scene.listing().map((one) => ({
        ...one,
        artifactType: 'application/example',
        annotations: { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' },
      })),
    ),
    expect: 'ignored',
  },
  {
    name: 'the image as its own referrer',
    inject: list((scene) => [{ ...scene.image, artifactType: BUNDLE_TYPE }, ...scene.listing()]),
    expect: 'ignored',
  },
  {
    name: 'one referrer listed ten thousand times',
    inject: (scene) => {
      const [one] = scene.listing();
      scene.answerReferrers(scene.list(new Array<unknown>(10_000).fill(one)));
    },
    expect: 'ignored',
  },
  {
    name: 'a referrer whose subject is another image',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      const [ours] = scene.referrers();
      scene.alterReferrer((manifest) => Object.assign(manifest, { subject: other }));
      if (ours === undefined) throw new Error('no referrer');
      scene.answerReferrers(
        scene.list(
          scene
            .referrers(other.digest)
            .map((digest) => ({ ...entry('x'), digest, size: scene.stored(digest).bytes.length })),
        ),
      );
    },
    expect: 'VERIFY_SIGNATURE_INVALID',
  },
  {
    name: 'a referrer without a subject',
    inject: (scene) => {
      const before = scene.listing();
      scene.alterReferrer((manifest) => Reflect.deleteProperty(manifest, 'subject'));
      const [digest] = [...scene.store.manifests(scene.path).keys()].slice(-1);
      scene.answerReferrers(scene.list(before.map((one) => ({ ...one, digest }))));
    },
    expect: 'VERIFY_SIGNATURE_INVALID',
  },
  {
    name: 'a page that links to itself',
    inject: link((scene) => `/v2/${scene.path}/referrers/${scene.image.digest}`),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'pages without end',
    inject: link((scene, page) => `/v2/${scene.path}/referrers/${scene.image.digest}?page=${page}`),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'full pages without end',
    inject: (scene) => {
      let page = 0;
      const full = many(15_000);
      scene.answerReferrers(() => {
        page += 1;
        return scene.list(full, { link: `<?page=${page}>; rel="next"` });
      });
    },
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'a list whose next page is at another host',
    inject: async (scene) => {
      asked.length = 0;
      const origin = await scene.elsewhere((request, response) => {
        asked.push(request.url ?? '');
        response.end();
      });
      link(() => `${origin}/v2/`)(scene);
    },
    expect: 'VERIFY_INCONCLUSIVE',
    after: () => expect(asked).toEqual([]),
  },
  {
    name: 'a list whose next page is a file',
    inject: link(() => 'file:///etc/passwd'),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'a list whose next page is outside of the API',
    inject: link(() => '../../../../../etc/passwd'),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'a link header that is slow to parse',
    inject: (scene) =>
      scene.answerReferrers(
        scene.list(scene.listing(), { link: `${'<'.repeat(6000)}${'>;'.repeat(3000)}` }),
      ),
    expect: 'ignored',
  },
  {
    name: 'thousands of referrers',
    inject: list((scene) => [...many(15_000), ...scene.listing()]),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'hundreds of missing referrers',
    inject: list((scene) => [...many(500), ...scene.listing()]),
    expect: 'ignored',
  },
  {
    name: 'a list of five megabytes',
    inject: (scene) =>
      scene.answerReferrers({
        status: 200,
        headers: { 'content-type': OCI_INDEX },
        body: ' '.repeat(5 * 1024 * 1024),
      }),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'a list with a duplicate member `manifests`',
    inject: (scene) =>
      scene.answerReferrers({
        status: 200,
        headers: { 'content-type': OCI_INDEX },
        body: `{"manifests":${JSON.stringify(scene.listing())},"manifests":[]}`,
      }),
    expect: 'VERIFY_SIGNATURE_INVALID',
  },
  {
    name: 'an entry that is not a descriptor',
    inject: list((scene) => ['sha256:x', ...scene.listing()]),
    expect: 'VERIFY_SIGNATURE_INVALID',
  },
  {
    name: 'an entry with a digest that is a path',
    inject: list((scene) => [entry('x', { digest: 'sha256:../../../x' }), ...scene.listing()]),
    expect: 'VERIFY_SIGNATURE_INVALID',
  },
  {
    name: 'entries of another digest algorithm',
    inject: list((scene) => [
      entry('x', { digest: `sha512:${'a'.repeat(128)}` }),
      ...scene.listing(),
    ]),
    expect: 'ignored',
  },
  {
    name: 'an image under the fallback tag',
    inject: (scene) => {
      scene.lab.registry.settings.referrersApi = false;
      const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}');
      const tag = scene.image.digest.replace(':', '-');
      scene.store.putManifest(scene.path, { mediaType: OCI_MANIFEST, bytes }, { tag });
    },
    expect: 'VERIFY_SIGNATURE_INVALID',
  },
  {
    name: 'a removed referrers API, without a fallback tag',
    inject: (scene) => {
      scene.lab.registry.settings.referrersApi = false;
    },
    expect: 'VERIFY_UNSIGNED',
  },
];
