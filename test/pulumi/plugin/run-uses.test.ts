import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  createPluginEnvironment,
  type PluginEnvironment,
} from '../../../src/pulumi/plugin/environment';
import type { CrudResource } from '../../../src/pulumi/plugin/protocol/crud-resource';
import { createResources } from '../../../src/pulumi/plugin/resources';
import { createPlannedSignatures, createRunUses } from '../../../src/pulumi/plugin/run-uses';
import { Secret } from '../../../src/pulumi/plugin/protocol/wire-value';
import { bundlesOf } from '../../engine/support/registry-content';
import { pushImage } from '../../interop/support/images';
import { openWorkbench, PASSWORD } from './support/workbench';

const ENGINE = '127.0.0.1:1';
const REPOSITORY = 'registry.example.test/team/app';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const URN = 'urn:pulumi:s::p::signed-image:index:ImageSignature::app';

describe('the uses of a run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signed-image-run-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are those of all processes with the same engine, also of the same resource', () => {
    const [one, other] = [createRunUses(ENGINE, folder), createRunUses(ENGINE, folder)];
    one.record(URN, REPOSITORY, [DIGEST]);
    other.record(URN, REPOSITORY, []);
    expect(other.userOf(REPOSITORY, DIGEST)).toBe(URN);
    expect(other.of(REPOSITORY)).toEqual([DIGEST]);
    expect(other.userOf('registry.example.test/another', DIGEST)).toBeUndefined();
    expect(createRunUses('127.0.0.1:10', folder).userOf(REPOSITORY, DIGEST)).toBeUndefined();
    one.record(URN, REPOSITORY, []);
    expect(other.userOf(REPOSITORY, DIGEST)).toBeUndefined();
  });

  it('are apart from the signatures that previews of all processes would make', () => {
    const [one, other] = [createPlannedSignatures(ENGINE, folder), createRunUses(ENGINE, folder)];
    one.record(URN, REPOSITORY, [DIGEST]);
    expect(createPlannedSignatures(ENGINE, folder).userOf(REPOSITORY, DIGEST)).toBe(URN);
    expect(other.userOf(REPOSITORY, DIGEST)).toBeUndefined();
  });

  it('are not those of a process that has ended, a link or a malformed file', () => {
    const ended = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' });
    const file = (pid: string, id: string): string =>
      join(folder, `signed-image-uses-127.0.0.1_1-${pid.trim()}-${id.repeat(36)}`);
    const line = `${JSON.stringify([URN, REPOSITORY, [DIGEST]])}\n`;
    writeFileSync(file(ended, '1'), line);
    writeFileSync(file(String(process.pid), '2'), 'no JSON\n');
    writeFileSync(join(folder, 'elsewhere'), line);
    symlinkSync(join(folder, 'elsewhere'), file(String(process.pid), '3'));
    const uses = createRunUses(ENGINE, folder);
    expect(uses.userOf(REPOSITORY, DIGEST)).toBeUndefined();
    utimesSync(file(ended, '1'), 1, 1);
    uses.record(URN, REPOSITORY, [DIGEST]);
    expect(readdirSync(folder)).toHaveLength(4);
    expect(uses.userOf(REPOSITORY, DIGEST)).toBe(URN);
  });

  it('are those of this process where the folder is not usable', () => {
    const uses = createRunUses(ENGINE, join(folder, 'absent'));
    uses.record(URN, REPOSITORY, [DIGEST]);
    expect(uses.userOf(REPOSITORY, DIGEST)).toBe(URN);
  });
});

it('a signature that a resource of another provider uses is kept when the resource that wrote it is deleted', async () => {
  const bench = await openWorkbench();
  const engine = `${ENGINE}${process.pid}`;
  // One process for each provider: they share nothing but the address of the engine.
  const start = () =>
    createPluginEnvironment({ PATH: process.env['PATH'] }, bench.folder, { engine });
  const [former, later] = [start(), start()];
  try {
    const { reference, digest, repository } = await pushImage(bench.registry.host);
    const path = repository.slice(repository.indexOf('/') + 1);
    const { inputs, outputs, id } = await bench.create('ImageSignature', {
      image: reference,
      key: { ref: 'cosign.key', password: new Secret(PASSWORD) },
      deletion: 'signatures',
    });
    const resourceOf = (environment: PluginEnvironment): CrudResource => {
      const all = createResources(() => environment);
      const found = all.find(({ type }) => type.endsWith(':ImageSignature'));
      if (!found) throw new Error('no resource ImageSignature');
      return found;
    };
    const common = { urn: URN, id, log: bench.log };
    const news = { oldInputs: inputs, oldOutputs: outputs, news: inputs };
    await resourceOf(later).diff({ ...common, ...news });
    await resourceOf(former).delete({ ...common, inputs, outputs });
    expect(bench.said.at(-1)).toMatch(/removed 0 signatures/);
    expect(bundlesOf(bench.registry, path, digest)).toHaveLength(1);
    // Without a user, they are removed.
    later.uses.record(URN, '', []);
    await resourceOf(former).delete({ ...common, inputs, outputs });
    expect(bundlesOf(bench.registry, path, digest)).toHaveLength(0);
  } finally {
    await Promise.all([former.close(), later.close()]);
    await bench.close();
    // Removed when a process ends, which the runner of these tests does not report to them.
    for (const name of readdirSync(tmpdir())) {
      if (name.startsWith(`signed-image-uses-127.0.0.1_1${process.pid}-`)) {
        rmSync(join(tmpdir(), name));
      }
    }
  }
});
