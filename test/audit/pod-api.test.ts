import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openPodApi, type PodApiOptions } from '../../src/audit';
import { failureOf } from '../sign/support/failure';
import { everythingIn, testHost } from '../sign/support/host';
import { statusBody } from '../key/kubernetes/api-double';
import { podOf } from './support/pods';
import { type PodsDouble, startPodsDouble, TOKEN } from './support/pods-double';

const IMAGE = `registry.example.com/app@sha256:${'1a'.repeat(32)}`;

let folder: string;
let api: PodsDouble;

beforeAll(async () => {
  // Some thousand modules, which the first run after an installation has to compile.
  await import('@kubernetes/client-node');
}, 300_000);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pods-'));
  api = await startPodsDouble();
  for (const namespace of ['shop', 'shop', 'shop', 'bank', 'bank']) {
    api.pods.push(podOf(IMAGE, IMAGE, undefined, namespace));
  }
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

async function list(
  namespaces: readonly string[] = [],
  options: PodApiOptions = {},
  token?: string,
): Promise<readonly string[]> {
  const env = { KUBECONFIG: await api.kubeconfig(folder, token) };
  const source = await openPodApi(testHost({ env }), { pauseMs: 1, ...options });
  const containers = await source.containers(namespaces);
  return containers.map(({ namespace }) => namespace);
}

describe('the pods of a cluster', () => {
  test('are read page by page', async () => {
    expect(await list([], { pageSize: 2 })).toHaveLength(5);
    expect(api.requests).toEqual([
      '/api/v1/pods?limit=2',
      '/api/v1/pods?continue=2&limit=2',
      '/api/v1/pods?continue=4&limit=2',
    ]);
  });

  test('are those of the namespaces that are named, each once', async () => {
    expect(await list(['bank', 'bank', 'none'])).toEqual(['bank', 'bank']);
    expect(api.requests).toHaveLength(2);
  });

  test('are read from the beginning when the list has expired', async () => {
    api.fault = (count) =>
      count === 2 ? { status: 410, body: statusBody(410, 'Expired', 'too old') } : undefined;
    expect(await list([], { pageSize: 2 })).toHaveLength(5);
    expect(api.requests[2]).toBe('/api/v1/pods?limit=2');
  });

  test('are an error when the list expires for ever', async () => {
    api.fault = (count) => (count % 2 === 0 ? { status: 410 } : undefined);
    const error = await failureOf(list([], { pageSize: 2 }));
    expect(error).toMatchObject({ code: 'CLUSTER_UNREADABLE' });
    expect(error.message).toContain('HTTP 410');
  });

  test('are an error when the same page comes for ever', async () => {
    const body = { kind: 'PodList', metadata: { continue: 'x' }, items: [] };
    api.fault = () => ({ status: 200, body });
    expect((await failureOf(list())).message).toContain('repeatedly');
  });

  test('are requested again after a temporary failure', async () => {
    const faults = ['drop', { status: 503 }] as const;
    api.fault = (count) => faults[count - 1];
    expect(await list()).toHaveLength(5);
    expect(api.requests).toHaveLength(3);
  });
});

describe('a cluster that cannot be read', () => {
  test('refuses the user: the error names the role', async () => {
    const said = `pods is forbidden: User "me" with ${TOKEN} cannot list resource "pods"`;
    api.fault = () => ({ status: 403, body: statusBody(403, 'Forbidden', said) });
    const error = await failureOf(list(['shop']));
    expect(error).toMatchObject({ code: 'CLUSTER_UNREADABLE' });
    expect(error.message).toMatch(/pods of the namespace shop.*signed-image audit rbac/s);
    expect(everythingIn(error)).not.toContain(TOKEN);
  });

  test('does not know the token', async () => {
    const error = await failureOf(list([], {}, 'canary-of-another-cluster'));
    expect(error.message).toContain('HTTP 401');
    expect(everythingIn(error)).not.toContain('canary');
  });

  test('does not answer', async () => {
    api.fault = () => 'silence';
    const error = await failureOf(list([], { timeoutMs: 100 }));
    expect(error.message).toContain('no response within 0.1 s');
    expect(everythingIn(error)).not.toContain('canary');
  });

  test('fails for long', async () => {
    api.fault = () => ({ status: 500, body: statusBody(500, 'InternalError', 'etcd is away') });
    expect((await failureOf(list())).message).toMatch(/all namespaces.*etcd is away/s);
    expect(api.requests).toHaveLength(3);
  });

  test('is not known here', async () => {
    const error = await failureOf(openPodApi(testHost()));
    expect(error).toMatchObject({ code: 'CLUSTER_UNREADABLE' });
    expect(error.message).toContain('set KUBECONFIG');
  });

  test('is of another context than those of kubeconfig', async () => {
    const error = await failureOf(list([], { context: 'two' }));
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
    expect(error.message).toContain('available contexts: one');
    expect(await list([], { context: 'one' })).toHaveLength(5);
  });
});
