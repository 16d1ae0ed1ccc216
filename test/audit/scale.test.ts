import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { AuditReport } from '../../src/audit';
import type { Pod } from '../../src/audit/pod-containers';
import {
  type AuditLab,
  openAuditLab,
  push,
  pushPlatforms,
  type PushedImage,
  sign,
} from './support/audit-lab';
import { measuredCommand, type MeasuredRun } from './support/command';
import { newKey } from '../verify/support/lab';
import { podOf } from './support/pods';

const PODS = 5_000;
const LIMIT_MB = 200;
const SINGLE_IMAGES = 440;
/** Each is an index of two platforms: three digests. */
const INDEXES = 20;

/** What else the API server returns of a pod: some kilobytes that an audit does not use. */
function withOtherFields(pod: Pod, index: number): Pod {
  const fields = Object.fromEntries(
    Array.from({ length: 40 }, (_, each) => [`f:member-${each}`, { 'f:value': {}, '.': {} }]),
  );
  const env = Array.from({ length: 30 }, (_, each) => ({
    name: `VARIABLE_${each}`,
    value: `value ${each} of pod ${index}`.repeat(3),
  }));
  const [container] = pod.spec?.containers ?? [];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { app: `app-${index}`, 'pod-template-hash': 'abcdef' },
      managedFields: [
        {
          manager: 'kubelet',
          operation: 'Update',
          apiVersion: 'v1',
          fieldsType: 'FieldsV1',
          fieldsV1: fields,
        },
      ],
    },
    spec: {
      containers: [{ ...container, env }],
      volumes: [{ name: 'token', projected: { sources: [] } }],
    },
  } as unknown as Pod;
}

let lab: AuditLab;
let images: readonly PushedImage[];
beforeAll(async () => {
  const opened = await openAuditLab();
  // Without a log, which would take most of the time of the preparation.
  lab = { ...opened, ours: newKey(opened.lab) };
  const found: PushedImage[] = [];
  for (let index = 0; index < SINGLE_IMAGES; index += 1) {
    const image = await push(lab);
    await sign(lab, [image], lab.ours, { provenance: false });
    found.push(image);
  }
  for (let index = 0; index < INDEXES; index += 1) {
    const all = await pushPlatforms(lab);
    await sign(lab, all, lab.ours, { provenance: false });
    found.push(...all);
  }
  images = found;
  for (let index = 0; index < PODS; index += 1) {
    const { ref } = images[index % images.length]!;
    lab.api.pods.push(withOtherFields(podOf(`${ref.split('@')[0]}:v1`, ref), index));
  }
  await writeFile(join(lab.folder, 'key.pub'), lab.ours.publicKey.pem);
}, 300_000);
afterAll(() => lab.close());

async function audit(): Promise<MeasuredRun & { readonly report: AuditReport }> {
  lab.lab.registry.clearRequests();
  const run = await measuredCommand(
    lab.folder,
    ['audit', 'cluster', '--key', join(lab.folder, 'key.pub'), '--output', 'json'],
    { KUBECONFIG: await lab.api.kubeconfig(lab.folder) },
  );
  return { ...run, report: JSON.parse(run.stdout || '{}') as AuditReport };
}

test('5,000 pods with 500 images take less than 200 MB, and one request for each object', async () => {
  const { report, code, stderr, peak, seconds } = await audit();
  expect([code, stderr]).toEqual([0, '']);
  expect(report.images).toHaveLength(500);
  expect(report.images.every(({ status }) => status === 'match')).toBe(true);
  expect(report.images.flatMap(({ containers }) => containers)).toHaveLength(PODS);
  const counts = new Map<string, number>();
  for (const { method, path } of lab.lab.registry.requests) {
    const key = `${method} ${path}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const repeated = [...counts].filter(([, count]) => count > 1);
  process.stderr.write(
    `audit of ${PODS} pods: peak ${peak.toFixed(0)} MB, ${seconds.toFixed(1)} s, ${lab.lab.registry.requests.length} requests\n`,
  );
  expect(repeated.length).toBe(0);
  expect(peak).toBeLessThan(LIMIT_MB);
}, 300_000);
