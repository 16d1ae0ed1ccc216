import { digestPolicy, digestPolicyProblems } from '../../../src/enforce/admission';

const IMAGE = `registry.example.com/team/app@sha256:${'1a'.repeat(32)}`;
const ARGS = { name: 'only-verified', images: [IMAGE] };

describe('a policy of verified digests', () => {
  it('is a policy and its binding for each shape of workload', () => {
    const manifests = digestPolicy(ARGS);
    const shapes = ['pods', 'templates', 'controllers', 'podtemplates', 'cronjobs'];
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
      shapes.flatMap((shape) => [
        `ValidatingAdmissionPolicy only-verified-${shape}`,
        `ValidatingAdmissionPolicyBinding only-verified-${shape}`,
      ]),
    );
  });

  it('names its images once, in order, so that it changes only when they do', () => {
    const other = IMAGE.replace('app@', 'a@');
    const texts = [
      digestPolicy({ ...ARGS, images: [IMAGE, other, IMAGE] }),
      digestPolicy({ ...ARGS, images: [other, IMAGE] }),
    ];
    expect(JSON.stringify(texts[0])).toBe(JSON.stringify(texts[1]));
  });

  it('holds more references than one expression can, up to the size of an object', () => {
    const images = (count: number) =>
      Array.from({ length: count }, (_, index) => IMAGE.replace('app@', `app-${index}@`));
    const [policy] = digestPolicy({ ...ARGS, images: images(3_000) });
    const { variables } = policy!['spec'] as { variables: readonly { expression: string }[] };
    for (const { expression } of variables) expect(expression.length).toBeLessThan(100_000);
    expect(digestPolicyProblems({ ...ARGS, images: images(20_000) })).toMatchObject([
      { property: 'images', message: expect.stringContaining('a policy for each group') },
    ]);
  });

  it('takes a reference with a tag, and one of Docker Hub, for what it names', () => {
    const texts = ['acme/app:v1', 'docker.io/acme/app', 'index.docker.io/acme/app'].map((name) =>
      JSON.stringify(digestPolicy({ ...ARGS, images: [`${name}@${IMAGE.split('@')[1]}`] })),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it('gives the reason of an exemption', () => {
    const exempt = [{ image: 'registry.k8s.io/*', reason: 'comes with the cluster' }];
    const [policy] = digestPolicy({ ...ARGS, exempt });
    expect(policy!.metadata.annotations).toMatchObject({
      'signed-image/exempt': 'registry.k8s.io/*: comes with the cluster',
    });
  });

  it('is refused with all that is wrong at once', () => {
    const problems = digestPolicyProblems({
      name: 'Only Verified',
      images: ['nginx:1'],
      exempt: [
        { image: '*', reason: 'a' },
        { image: 'reg*', reason: 'a' },
        { image: 'a*b', reason: 'a' },
        { image: 'registry.k8s.io/*', reason: ' ' },
        { image: 'a.example/\ud800', reason: 'half a letter' },
        { reason: 'from a program without types' } as never,
      ],
      namespaces: [],
      action: 'Allow',
    });
    expect(problems.map(({ property }) => property)).toEqual([
      'name',
      'images[0]',
      'namespaces',
      'action',
      'exempt[0].image',
      'exempt[1].image',
      'exempt[2].image',
      'exempt[3].reason',
      'exempt[4].image',
      'exempt[5].image',
    ]);
    expect(() => digestPolicy({ name: 'a', images: [] })).toThrow('no image could run');
    expect(digestPolicyProblems({ ...ARGS, namespaces: ['Team A'] })).toHaveLength(1);
  });
});
