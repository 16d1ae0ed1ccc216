import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseDigest, parseReference } from '../../../../src/oci';
import { Secret, UNKNOWN } from '../../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, PASSWORD, plain, type Record, type Workbench } from '../support/workbench';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.said.splice(0);
  bench.registry.clearRequests();
  bench.registry.settings.faults = undefined;
});

const declared = (build: object = {}): object => ({
  image: `${bench.registry.host}/team/app:v1`,
  build: { context: 'app', ...build },
});

describe('ImageBuild', () => {
  let built: Record;

  it('builds, pushes, and records the digest that the builder reported', async () => {
    built = await bench.create('ImageBuild', declared());
    const { repository } = parseReference(`${bench.registry.host}/team/app`);
    const client = bench.environment.registryClient(repository, {});
    const claimed = parseDigest(String(built.outputs['claimedDigest']));
    expect((await client.resolve(repository, claimed))?.digest).toBe(claimed);
    expect(plain(built.outputs, 'facts')).toMatchObject({
      branch: 'main',
      repository: 'https://git.example.test/team/app.git',
      dirty: false,
      system: 'git',
    });
    expect(plain(built.outputs, 'summary')).toMatchObject({
      builder: 'auto',
      tag: 'v1',
      context: 'app',
      dockerfile: 'app/Dockerfile',
      dockerfileDigest: expect.stringMatching(/^sha256:/) as string,
      contextDigest: expect.stringMatching(/^sha256:/) as string,
    });
    expect(JSON.stringify(built)).not.toContain(bench.folder);
  });

  it('does not build again when nothing changed, or only builder and cache', async () => {
    bench.registry.clearRequests();
    expect((await bench.update('ImageBuild', built, declared())).changed).toEqual([]);
    const other = declared({ builder: 'buildah' });
    expect((await bench.update('ImageBuild', built, other)).changed).toEqual([]);
    expect(bench.writes()).toEqual([]);
  });

  it('does not build again for a commit outside of the context', async () => {
    bench.write('README.md', 'documentation\n');
    bench.commit();
    expect((await bench.update('ImageBuild', built, declared())).changed).toEqual([]);
  });

  it('binds declared facts anew without a build', async () => {
    const source = { branch: 'release' };
    const updated = await bench.update('ImageBuild', built, { ...declared(), source });
    expect(updated.changed).toEqual(['source']);
    expect(updated.outputs['claimedDigest']).toBe(built.outputs['claimedDigest']);
    expect(plain(updated.outputs, 'facts')).toMatchObject({ branch: 'release' });
    expect(bench.writes()).toEqual([]);
  });

  it('builds again when the content changed, and logs the reason', async () => {
    bench.write('app/message.txt', 'another\n');
    bench.commit();
    const updated = await bench.update('ImageBuild', built, declared());
    expect(updated.changed).toEqual(['fingerprint']);
    expect(updated.outputs['claimedDigest']).not.toBe(built.outputs['claimedDigest']);
    expect(bench.said).toContain('rebuilding: context changed');
  });

  it('builds again when a named context changed, and records its content', async () => {
    bench.write('named/Dockerfile', 'FROM scratch\nCOPY --from=shared message.txt /\n');
    bench.write('shared/message.txt', 'one\n');
    bench.commit();
    const build = { context: 'named', contexts: { shared: 'shared' }, builder: 'buildah' };
    const before = await bench.create('ImageBuild', declared(build));
    expect(plain(before.outputs, 'summary')).toMatchObject({
      contexts: { shared: 'shared' },
      contextDigests: { shared: expect.stringMatching(/^sha256:/) as string },
    });
    expect((await bench.update('ImageBuild', before, declared(build))).changed).toEqual([]);
    bench.write('shared/message.txt', 'two\n');
    bench.commit();
    const after = await bench.update('ImageBuild', before, declared(build));
    expect(bench.said).toContain('rebuilding: context shared changed');
    expect(after.outputs['claimedDigest']).not.toBe(before.outputs['claimedDigest']);
  });

  it('keeps secrets out of inputs and outputs, and secret arguments out of the log', async () => {
    const secrets = { npm: new Secret('canary-build-secret-value-91') };
    const args = { VERSION: '1', TOKEN: new Secret('canary-secret-argument-value-17') };
    const nonsecret = ['build.args.TOKEN'];
    const { inputs, outputs } = await bench.create('ImageBuild', {
      ...declared({ secrets, args }),
      nonsecret,
    });
    expect(JSON.stringify([inputs, outputs, bench.said])).not.toContain(
      'canary-build-secret-value-91',
    );
    expect(JSON.stringify([outputs, bench.said])).not.toContain('canary-secret-argument-value-17');
    expect(plain(inputs, 'build')).toMatchObject({ secretIds: ['npm'] });
    expect((inputs['fingerprint'] as Record['inputs'])['argument TOKEN']).toBeInstanceOf(Secret);
    expect(plain(outputs, 'summary')).toMatchObject({
      args: { VERSION: '1' },
      secretArgs: ['TOKEN'],
      secretIds: ['npm'],
    });
  });

  it('writes nothing in a preview, and knows the facts', async () => {
    const resource = bench.resource('ImageBuild');
    bench.registry.clearRequests();
    const { outputs } = await resource.create({
      urn: 'urn',
      inputs: built.inputs,
      preview: true,
      log: bench.log,
    });
    expect(outputs['claimedDigest']).toBe(UNKNOWN);
    expect(plain(outputs, 'facts')).toMatchObject({ branch: 'main' });
    expect(bench.writes()).toEqual([]);
  });

  it('warns of what it cannot read, and of what the content hash will differ by', async () => {
    const dockerfile = 'ARG V=1\nFROM reg.example/a:${V^} AS b\nFROM scratch\nCOPY --from=b / /\n';
    bench.write('odd/Dockerfile', dockerfile);
    bench.write('odd/vendor/.git/packed', 'x');
    expect(await bench.problems('ImageBuild', declared({ context: 'odd' }))).toEqual([]);
    expect(bench.said).toContainEqual(
      expect.stringMatching(
        /^odd\/Dockerfile: line 2: FROM .* cannot be read.*may not be detected$/,
      ),
    );
    expect(bench.said).toContainEqual(expect.stringContaining('`**/.git`'));
  });

  it('reports the repository of a failed build, and the end of its output', async () => {
    bench.write('broken/Dockerfile', 'FROM scratch\nCOPY not-there.txt /\n');
    bench.commit();
    await expect(
      bench.create('ImageBuild', { ...declared(), build: { context: 'broken' } }),
    ).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringContaining('not-there') as string,
    });
  });
});

describe('a result that is not what was declared', () => {
  /** The real buildah, without some of its arguments, while `file` exists. */
  const forgetful = (file: string, script: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'forgetful-'));
    const path = join(folder, 'buildah');
    const real = execFileSync('sh', ['-c', 'command -v buildah'], { encoding: 'utf8' }).trim();
    writeFileSync(
      path,
      `#!/bin/bash\nif [ -e '${file}' ]; then ${script}; fi\nexec ${real} "$@"\n`,
    );
    chmodSync(path, 0o755);
    return folder;
  };
  const WITHOUT_LABELS = 'set -- "${@//team=a/other=b}"';

  it('is not recorded as built: the next update builds again', async () => {
    const switched = join(tmpdir(), `forgets-${process.pid}`);
    const folder = forgetful(switched, WITHOUT_LABELS);
    const other = await openWorkbench({}, { PATH: `${folder}:${process.env['PATH']}` });
    try {
      const image = `${other.registry.host}/team/app:v1`;
      const plainBuild = { image, build: { context: 'app', builder: 'buildah' } };
      const labelled = { image, build: { ...plainBuild.build, labels: { team: 'a' } } };
      const mismatch = {
        code: 'BUILD_RESULT_MISMATCH',
        property: 'build.labels',
        message: expect.stringContaining('the label team of sha256:') as string,
      };
      writeFileSync(switched, '');
      await expect(other.create('ImageBuild', labelled)).rejects.toMatchObject(mismatch);
      const before = await other.create('ImageBuild', plainBuild);
      await expect(other.update('ImageBuild', before, labelled)).rejects.toMatchObject(mismatch);
      rmSync(switched);
      const after = await other.update('ImageBuild', before, labelled);
      expect(after.changed).toContain('fingerprint');
      expect(after.outputs['claimedDigest']).not.toBe(before.outputs['claimedDigest']);
    } finally {
      await other.close();
      rmSync(switched, { force: true });
      rmSync(folder, { recursive: true });
    }
  });

  it('is not signed if the resource of another provider built it', async () => {
    const image = `${bench.registry.host}/team/app:v1`;
    const { outputs } = await bench.create('ImageBuild', declared());
    const claimed = String(outputs['claimedDigest']);
    bench.registry.clearRequests();
    const signature = (labels: object): object => ({
      image: `${image}@${claimed}`.replace(':v1@', '@'),
      key: { ref: 'cosign.key', password: PASSWORD },
      build: { builder: 'pulumi-docker-build', context: 'app', dockerfile: 'Dockerfile', labels },
    });
    await expect(bench.create('ImageSignature', signature({ team: 'a' }))).rejects.toMatchObject({
      code: 'BUILD_RESULT_MISMATCH',
      property: 'build.labels',
    });
    expect(bench.writes()).toEqual([]);
    await bench.create('ImageSignature', signature({}));
    expect(bench.writes()).not.toEqual([]);
  });
});

describe('a refresh of ImageBuild', () => {
  it('keeps an existing image, removes a missing one, and leaves the state unchanged after a failed check', async () => {
    const { id, inputs, outputs } = await bench.create('ImageBuild', declared());
    const request = { urn: 'urn', id, inputs, outputs, log: bench.log };
    const resource = bench.resource('ImageBuild');
    expect(await resource.read(request)).toEqual({ inputs, outputs });

    bench.registry.settings.faults = async () => ({
      status: 403,
      headers: {},
      body: Buffer.alloc(0),
    });
    expect(await resource.read(request)).toEqual({ inputs, outputs });
    expect(bench.said.at(-1)).toMatch(/^check of .* failed; state left unchanged/);

    bench.registry.settings.faults = undefined;
    const gone = { ...outputs, claimedDigest: `sha256:${'0'.repeat(64)}` };
    expect(await resource.read({ ...request, outputs: gone })).toBeUndefined();
    expect(bench.said.at(-1)).toMatch(/no longer has .*the next update builds it again/);
  });
});
