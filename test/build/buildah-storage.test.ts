import { buildahBuilder } from '../../src/build';
import { FakeTools } from './fake-tools';
import { Context, DIGEST } from './requests';

/** Image ids and digests go into the files that the flags name. */
const TOOL = `
  const write2 = (name, text) => { if (flag(name)) write(flag(name), text); };
  write2('--iidfile', 'sha256:' + 'a'.repeat(64));
  write2('--digestfile', '${DIGEST}\\n');
  if (argv.includes('inspect'))
    console.log(JSON.stringify([{ Os: 'linux', Architecture: 'amd64', Config: {} }]));
`;

let tools: FakeTools;
let context: Context;
beforeEach(() => {
  tools = new FakeTools();
  context = new Context();
});
afterEach(() => {
  tools.remove();
  context.remove();
});

describe('buildah on a machine whose own storage driver does not work', () => {
  test('takes the driver that works everywhere', async () => {
    tools.add('buildah', `${TOOL} return argv[0] === '--storage-driver' ? 0 : 1;`);
    const builder = buildahBuilder({ env: tools.env });
    const request = context.request('r.example/app');
    expect(await builder.unavailable(request)).toBeUndefined();
    expect((await builder.build(request, () => undefined)).digest).toBe(DIGEST);
    for (const { argv } of tools.calls.filter((call) => call.argv[0] !== 'info')) {
      expect(argv.slice(0, 2)).toEqual(['--storage-driver', 'vfs']);
    }
  });

  test('BUILDAH_ISOLATION chooses the isolation', async () => {
    tools.add('buildah', TOOL);
    const request = context.request('r.example/app');
    await buildahBuilder({ env: tools.env }).build(request, () => undefined);
    expect(tools.callsOf('build').at(-1)?.argv.join(' ')).toContain('--isolation chroot');
    const env = { ...tools.env, BUILDAH_ISOLATION: 'oci' };
    await buildahBuilder({ env }).build(request, () => undefined);
    expect(tools.callsOf('build').at(-1)?.argv).not.toContain('--isolation');
  });
});
