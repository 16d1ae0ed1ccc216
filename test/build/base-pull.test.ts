import { dockerBuilder, podmanBuilder } from '../../src/build';
import { FakeTools } from './fake-tools';
import { Context } from './requests';

test.each([
  ['podman', podmanBuilder],
  ['docker', dockerBuilder],
] as const)('a base that would be a flag is not handed to %s pull', async (program, create) => {
  const tools = new FakeTools();
  const context = new Context();
  context.write(
    'Dockerfile',
    'ARG B=--tls-verify=false\nFROM $B AS one\nFROM r.example/base:1\nCOPY --from=one /a /a\n',
  );
  // As the tools do with it: the build fails there.
  tools.add(program, `if (argv.includes('build') && !argv.includes('--help')) return 1;`);
  const building = create({ env: tools.env }).build(
    context.request('r.example/app'),
    () => undefined,
  );
  await expect(building).rejects.toMatchObject({ code: 'BUILD_FAILED' });
  expect(tools.callsOf('pull').map(({ argv }) => argv.at(-1))).toEqual(['r.example/base:1']);
  tools.remove();
  context.remove();
});

test('a base that cannot be pulled is logged without the claim that the local store has it', async () => {
  const tools = new FakeTools();
  const context = new Context();
  context.write('Dockerfile', 'FROM r.example/base:1\n');
  tools.add(
    'podman',
    `if (argv.includes('pull') || (argv.includes('build') && !argv.includes('--help'))) return 1;`,
  );
  const log: string[] = [];
  const building = podmanBuilder({ env: tools.env }).build(
    context.request('r.example/app'),
    (line) => log.push(line),
  );
  await expect(building).rejects.toMatchObject({ code: 'BUILD_FAILED' });
  expect(log.join('\n')).toMatch(
    /base image r\.example\/base:1 could not be pulled; if an image of this name exists in the local store, it is used.*`podman pull`.*--debug/,
  );
  tools.remove();
  context.remove();
});
