import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parsePolicyFile } from '../../src/audit';
import { failureOf } from '../sign/support/failure';
import { newKey } from '../verify/support/lab';
import {
  audited,
  type AuditLab,
  openAuditLab,
  push,
  type PushedImage,
  sign,
} from './support/audit-lab';
import { podOf } from './support/pods';

let lab: AuditLab;
let image: PushedImage;
let folder = '';

beforeAll(async () => {
  await import('@kubernetes/client-node');
  const opened = await openAuditLab();
  lab = { ...opened, ours: newKey(opened.lab) };
  image = await push(lab);
  await sign(lab, [image], lab.ours, { provenance: false });
  lab.api.pods.push(podOf(`${image.ref.split('@')[0]}:v1`, image.ref));
  folder = await mkdtemp(join(tmpdir(), 'trusted-keys-'));
  await writeFile(join(folder, 'key.pub'), lab.ours.publicKey.pem);
}, 300_000);
afterAll(async () => {
  await lab.close();
  await rm(folder, { recursive: true, force: true });
});

const key = (): string => lab.ours.publicKey.pem;
const status = async (window: object, keys: readonly string[] = []) => {
  const policy = { keys, trustedKeys: [{ key: key(), ...window }] };
  return (await audited(lab, { policy })).of(image)?.status;
};

test('a key is trusted in its window only, also if it is among the keys', async () => {
  expect(await status({})).toBe('match');
  expect(await status({ notBefore: '2020-01-01T00:00:00Z' })).toBe('match');
  expect(await status({ notAfter: '2020-01-01T00:00:00Z' })).not.toBe('match');
  expect(await status({ retired: true })).not.toBe('match');
  expect(await status({ retired: true }, [key()])).not.toBe('match');
});

test('an invalid window is an error on its property', async () => {
  const failure = await failureOf(status({ notBefore: 'yesterday' }));
  expect(failure.message).toContain('RFC 3339');
  const empty = { notBefore: '2027-01-01T00:00:00Z', notAfter: '2026-01-01T00:00:00Z' };
  expect((await failureOf(status(empty))).message).toContain('is before `notBefore`');
});

test('a policy file may have trusted keys', () => {
  const trustedKeys = [{ key: 'old.pub', notAfter: '2026-01-01T00:00:00Z', retired: false }];
  expect(parsePolicyFile(JSON.stringify({ trustedKeys })).policy).toEqual({ trustedKeys });
  const invalid = JSON.stringify({ trustedKeys: [{ key: 'old.pub', until: 'x' }] });
  expect(() => parsePolicyFile(invalid)).toThrow('until');
});
