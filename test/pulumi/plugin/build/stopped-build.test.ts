import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as rpc from '@pulumi/pulumi/proto/provider_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';

import { type Plugin, startPlugin } from '../../../../dev/engine/process/plugin';
import { Empty, grpc } from '../../../../src/pulumi/plugin/protocol/pulumi-grpc';
import { FakeTools } from '../../../build/fake-tools';

/** A build that is ended, in the plugin's own process, leaves neither a process nor a temporary folder. */

const PLUGIN = { pkg: 'signed-image', folder: resolve(__dirname, '../../../../plugin') };
const URN = 'urn:pulumi:s::p::signed-image:index:ImageBuild::app';
const TIMEOUT = 120_000;

let tools: FakeTools;
let folder: string;
let temporary: string;
let plugin: Plugin;
let client: ResourceProviderClient;
beforeEach(async () => {
  tools = new FakeTools();
  tools.add(
    'podman',
    `if (argv.includes('build') && !argv.includes('--help')) {
       write(process.env.HOME + '/pid', String(process.pid));
       setInterval(() => {}, 1000);
     }`,
  );
  folder = mkdtempSync(join(tmpdir(), 'stopped-build-'));
  temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY Dockerfile /\n');
  writeFileSync(join(folder, '.gitignore'), 'tmp\n');
  const git = (...args: readonly string[]): void =>
    void execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...args], {
      cwd: folder,
    });
  git('init', '-q');
  git('remote', 'add', 'origin', 'https://git.example.test/team/app.git');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
  plugin = await startPlugin({
    ...PLUGIN,
    engine: '127.0.0.1:9',
    cwd: folder,
    env: {
      ...tools.env,
      PATH: `${tools.env['PATH'] ?? ''}:${process.env['PATH'] ?? ''}`,
      TMPDIR: temporary,
    },
    onLine: () => undefined,
  });
  client = new ResourceProviderClient(plugin.address, grpc.credentials.createInsecure());
}, TIMEOUT);
afterEach(async () => {
  client.close();
  await plugin.child.stop();
  tools.remove();
  rmSync(folder, { recursive: true });
});

const struct = (value: object): Struct => Struct.fromJavaScript(value as never);

function check(): Promise<Struct | undefined> {
  const request = new rpc.CheckRequest().setUrn(URN).setNews(
    struct({
      image: 'registry.example.test/app:v1',
      build: { context: '.', builder: 'podman' },
    }),
  );
  return new Promise((settle, fail) => {
    client.check(request, (error, response) => {
      if (error) return fail(error);
      const [problem] = response.getFailuresList();
      return problem ? fail(new Error(problem.getReason())) : settle(response.getInputs());
    });
  });
}

/** Begins the build, and waits until the builder's process runs. */
async function begin(seconds = 0) {
  const request = new rpc.CreateRequest()
    .setUrn(URN)
    .setProperties(await check())
    .setTimeout(seconds);
  let call: { cancel(): void } | undefined;
  const failure = new Promise<string>((settle) => {
    call = client.create(request, (error) => settle(error?.details ?? 'it succeeded'));
  });
  const file = join(tools.home, 'pid');
  while (!existsSync(file)) {
    const ended = await Promise.race([failure, delay(50).then(() => undefined)]);
    if (ended !== undefined && !existsSync(file)) throw new Error(ended);
  }
  expect(sessionFolders()).toHaveLength(1);
  return { call, failure, pid: Number(readFileSync(file, 'utf8')) };
}

const sessionFolders = (): readonly string[] =>
  readdirSync(temporary).filter((name) => name.startsWith('signed-image-build-'));

const isRunning = (pid: number): boolean => {
  try {
    // A zombie does not have a command line any more.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
};

async function expectNothingLeft(pid: number): Promise<void> {
  while (isRunning(pid) || sessionFolders().length > 0) await delay(50);
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'by %s of the plugin',
  async (signal) => {
    const { pid } = await begin();
    process.kill(plugin.child.pid ?? 0, signal);
    await plugin.child.exited;
    await expectNothingLeft(pid);
  },
  TIMEOUT,
);

test(
  'by a cancellation of the engine',
  async () => {
    const { pid, failure } = await begin();
    await new Promise<void>((settle) => client.cancel(new Empty() as never, () => settle()));
    expect(await failure).toMatch(/`podman build` was stopped/);
    await expectNothingLeft(pid);
  },
  TIMEOUT,
);

test(
  'by an engine that does not wait for the call any more',
  async () => {
    const { pid, call } = await begin();
    call?.cancel();
    await expectNothingLeft(pid);
  },
  TIMEOUT,
);

test(
  'by `customTimeouts`',
  async () => {
    const { pid, failure } = await begin(10);
    expect(await failure).toMatch(/was stopped at its time limit \(`customTimeouts`\)/);
    await expectNothingLeft(pid);
  },
  TIMEOUT,
);
