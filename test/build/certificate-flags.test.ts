import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeCertificate, type TestCertificate } from '../../dev/registry/tls';
import { buildahBuilder, type BuildRequest, podmanBuilder } from '../../src/build';
import { FakeTools } from './fake-tools';
import { Context, DIGEST } from './requests';

const TOOL = `
  if (flag('--iidfile')) write(flag('--iidfile'), 'sha256:' + 'a'.repeat(64));
  if (flag('--digestfile')) write(flag('--digestfile'), '${DIGEST}');
  if (argv.includes('inspect'))
    console.log(JSON.stringify([{ Os: 'linux', Architecture: 'amd64', Config: {} }]));
`;

let tools: FakeTools;
let context: Context;
let [first, second]: readonly TestCertificate[] = [];
beforeAll(async () => {
  [first, second] = [await makeCertificate(), await makeCertificate()];
});
beforeEach(() => {
  tools = new FakeTools();
  context = new Context();
});
afterEach(() => {
  tools.remove();
  context.remove();
});

const HOST = 'localhost:5000';
const folderOf = (root: string): string =>
  join(tools.env['HOME'] ?? '', '.config', root, 'certs.d', HOST);

function place(root: string, files: Readonly<Record<string, string | undefined>>): void {
  mkdirSync(folderOf(root), { recursive: true });
  for (const [file, text] of Object.entries(files))
    writeFileSync(join(folderOf(root), file), text ?? '');
}

describe.each([
  { name: 'podman', create: podmanBuilder },
  { name: 'buildah', create: buildahBuilder },
])('$name', ({ name, create }) => {
  const push = async (registry: BuildRequest['registry']) => {
    tools.add(name, TOOL);
    const request = context.request(`${HOST}/app`, { registry });
    await create({ env: tools.env }).build(request, () => undefined);
    return tools.callsOf('push').at(-1);
  };

  test('a declared authority is passed as a folder, and TLS is verified', async () => {
    context.write('my-ca.pem', first?.ca ?? '');
    const call = await push({ caFile: join(context.folder, 'my-ca.pem'), insecure: false });
    expect(call?.files['ca']?.text.trim()).toBe(first?.ca.trim());
    expect(call?.argv).not.toContain('--tls-verify=false');
    const missing = { caFile: join(context.folder, 'no.pem'), insecure: false };
    await expect(push(missing)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      property: 'registry.caFile',
    });
  });

  test.each(['containers', 'docker'])(
    'a `certs.d` folder of %s means TLS on loopback, with its authority and client certificate',
    async (root) => {
      place(root, { 'ca.crt': first?.ca, 'client.cert': second?.cert, 'client.key': second?.key });
      const call = await push({ insecure: false });
      expect(call?.argv).not.toContain('--tls-verify=false');
      expect(call?.files['ca']?.text.trim()).toBe(first?.ca.trim());
      expect(call?.files['client']?.text.trim()).toBe(second?.cert.trim());
    },
  );

  test('a declared authority is added to the certificates of the folder', async () => {
    place('containers', { 'client.cert': second?.cert, 'client.key': second?.key });
    context.write('my-ca.pem', first?.ca ?? '');
    const call = await push({ caFile: join(context.folder, 'my-ca.pem'), insecure: false });
    expect(call?.files['ca']?.text.trim()).toBe(first?.ca.trim());
    expect(call?.files['client']?.text.trim()).toBe(second?.cert.trim());
    expect(call?.files['client']?.mode).toBe(0o600);
  });

  test('`insecure` reads no folder; loopback without a folder is plain HTTP', async () => {
    expect((await push({ insecure: false }))?.argv).toContain('--tls-verify=false');
    place('containers', { 'ca.crt': first?.ca });
    const call = await push({ insecure: true });
    expect(call?.argv).toContain('--tls-verify=false');
    expect(call?.argv).not.toContain('--cert-dir');
  });
});
