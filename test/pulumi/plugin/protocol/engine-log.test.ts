import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { EngineService } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { type LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';

import { createEngineLog, type EngineLog } from '../../../../src/pulumi/plugin/protocol/engine-log';
import { grpc } from '../../../../src/pulumi/plugin/protocol/pulumi-grpc';

const [ONE, TWO] = ['urn:pulumi:s::p::t::one', 'urn:pulumi:s::p::t::two'];

/** An engine that records each line as `urn message`, and may respond slowly. */
const arrived: string[] = [];
let hold: Promise<unknown> = Promise.resolve();
let server: InstanceType<typeof grpc.Server>;
let log: EngineLog;

beforeAll(async () => {
  server = new grpc.Server();
  const keep = (
    { request }: ServerUnaryCall<LogRequest, Empty>,
    done: sendUnaryData<Empty>,
  ): void => {
    const name = request.getUrn().split('::').at(-1) ?? '';
    const kind = request.getSeverity() === LogSeverity.DEBUG ? ' (debug)' : '';
    arrived.push(`${name} ${request.getMessage()}${request.getEphemeral() ? ' ...' : ''}${kind}`);
    void hold.then(() => done(null, new Empty()));
  };
  server.addService({ log: EngineService.log }, { log: keep });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  log = createEngineLog(`127.0.0.1:${port}`);
});
afterAll(() => {
  log.close();
  server.forceShutdown();
});
beforeEach(() => {
  arrived.length = 0;
  hold = Promise.resolve();
});

test('the lines of a resource arrive in their order, before it is answered', async () => {
  const { info, warn } = log.for(ONE);
  info('first');
  warn('second');
  info('third');
  await log.flush(ONE);
  expect(arrived).toEqual(['one first', 'one second', 'one third']);
});

test('a note is the status of its resource, and replaces a status that waits', async () => {
  const { info, note, status } = log.for(ONE);
  status('a step');
  note('signed');
  info('important');
  await log.flush(ONE);
  expect(arrived).toEqual(['one signed ...', 'one important']);
});

test('a line for --debug has this severity, and its place among the others', async () => {
  const { info, debug } = log.for(ONE);
  info('first');
  debug('second');
  await log.flush(ONE);
  expect(arrived).toEqual(['one first', 'one second (debug)']);
});

test('a resource does not wait for the lines of another', async () => {
  let release: (value?: unknown) => void = () => undefined;
  hold = new Promise((resolve) => (release = resolve));
  log.for(TWO).info('slow');
  while (arrived.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await log.flush(ONE);
  release();
  await log.flush(TWO);
  expect(arrived).toEqual(['two slow']);
});

test('a step is logged if it takes long, and not if the next one or the end comes first', async () => {
  const { status, info } = log.for(ONE);
  status('step one');
  status('step two');
  while (arrived.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  status('step three');
  info('done');
  await log.flush(ONE);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(arrived).toEqual(['one step two ...', 'one done']);
});

test('lines that come faster than the engine takes them are counted, and warnings are kept', async () => {
  let release: (value?: unknown) => void = () => undefined;
  hold = new Promise((resolve) => (release = resolve));
  const { info, warn } = log.for(ONE);
  const line = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 100; count += 1) info(line);
  warn('important');
  release();
  await log.flush(ONE);
  expect(arrived).toHaveLength(7);
  expect(arrived.slice(-2)).toEqual([
    'one important',
    'one (95 lines are left out: they came too fast)',
  ]);
  info('on it goes');
  await log.flush(ONE);
  expect(arrived.at(-1)).toBe('one on it goes');
});

test('a flood of lines for --debug leaves no line out that everyone reads', async () => {
  let release: (value?: unknown) => void = () => undefined;
  hold = new Promise((resolve) => (release = resolve));
  const { debug, info } = log.for(ONE);
  for (let at = 0; at < 10; at += 1) debug('x'.repeat(1024 * 1024));
  info('pushed');
  release();
  await log.flush(ONE);
  expect(arrived.at(-1)).toBe('one pushed');
  expect(arrived.filter((line) => line.endsWith('(debug)')).length).toBeLessThan(10);
});

test('a closed engine connection does not cause a failure', async () => {
  const lost = createEngineLog('127.0.0.1:9');
  lost.for(ONE).info('to nobody');
  await lost.flush(ONE);
  lost.close();
});
