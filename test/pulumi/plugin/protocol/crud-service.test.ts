import type { Metadata } from '@grpc/grpc-js';
import * as rpc from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';

import { SignedImageError } from '../../../../src/error';
import type { CrudResource } from '../../../../src/pulumi/plugin/protocol/crud-resource';
import {
  createCrudService,
  type CrudService,
} from '../../../../src/pulumi/plugin/protocol/crud-service';
import { createEngineLog, type EngineLog } from '../../../../src/pulumi/plugin/protocol/engine-log';
import { PartialStateError } from '../../../../src/pulumi/plugin/protocol/partial-state';
import {
  type Properties,
  Secret,
  UNKNOWN,
} from '../../../../src/pulumi/plugin/protocol/wire-value';

const URN = 'urn:pulumi:s::p::parent:index:Type$signed-image:index:Thing::name';
const SECRET = {
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  value: 's',
};

/** Returns its request, so that a test covers both directions of the encoding. */
const echo: CrudResource = {
  type: 'signed-image:index:Thing',
  check: async ({ news, olds }) => ({
    inputs: { ...news, olds },
    problems: news['bad'] ? [{ property: 'bad', code: 'INPUT_INVALID', message: 'is bad' }] : [],
  }),
  diff: async ({ oldInputs, news }) => ({
    changed: oldInputs['a'] === news['a'] ? [] : ['a'],
    replaces: news['a'] === 'elsewhere' ? ['a'] : [],
  }),
  create: async ({ inputs, preview }) => ({
    id: 'the-id',
    outputs: { ...inputs, later: preview ? UNKNOWN : 'known' },
  }),
  update: async ({ id, inputs, oldOutputs, preview }) => {
    if (inputs['cut'] === undefined) return { ...oldOutputs, ...inputs, preview };
    const reason = new SignedImageError({ code: 'REGISTRY_UNAVAILABLE', message: 'try again' });
    throw new PartialStateError(id, { ...oldOutputs, ...inputs }, reason);
  },
  read: async ({ inputs, outputs }) => (outputs['gone'] ? undefined : { inputs, outputs }),
  delete: async () => {
    throw new SignedImageError({
      code: 'REGISTRY_CONFLICT',
      property: 'image',
      message: 'is in use',
    });
  },
};

const NO_FUNCTIONS = { call: async () => ({ result: {} }) };
const UNCONFIGURED = {
  check: async () => [],
  mark: (inputs: Properties) => inputs,
  changed: () => [],
  configure: () => undefined,
};

const service: CrudService = createCrudService(
  [echo],
  UNCONFIGURED,
  NO_FUNCTIONS,
  createEngineLog(undefined),
);

const struct = (value: object): Struct => Struct.fromJavaScript(value as never);

function call<Request, Response>(
  handler: (call: never, callback: never) => void,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const callback = (error: unknown, response: Response): void =>
      error ? reject(Object.assign(new Error(), error)) : resolve(response);
    handler({ request, on: () => undefined } as never, callback as never);
  });
}

function request<T extends { setUrn(urn: string): unknown }>(Kind: new () => T): T {
  const made = new Kind();
  made.setUrn(URN);
  return made;
}

describe('the CRUD service', () => {
  it('offers preview, secrets, outputs and resources', async () => {
    const answer = await call<unknown, rpc.ConfigureResponse>(
      service.configure,
      new rpc.ConfigureRequest(),
    );
    expect(answer.toObject()).toMatchObject({
      acceptsecrets: true,
      acceptoutputs: true,
      acceptresources: true,
      supportspreview: true,
    });
  });

  it('keeps secrets secret through check', async () => {
    const asked = request(rpc.CheckRequest);
    asked.setOlds(struct({ was: 1 }));
    asked.setNews(struct({ password: SECRET }));
    const answer = await call<unknown, rpc.CheckResponse>(service.check, asked);
    expect(answer.getInputs()?.toJavaScript()).toEqual({ password: SECRET, olds: { was: 1 } });
    expect(answer.getFailuresList()).toEqual([]);
  });

  it('reports problems by property, without inputs, which may be unknown', async () => {
    const asked = request(rpc.CheckRequest);
    asked.setNews(struct({ password: SECRET, bad: true }));
    const answer = await call<unknown, rpc.CheckResponse>(service.check, asked);
    expect(answer.getInputs()?.toJavaScript()).toEqual({});
    expect(answer.getFailuresList().map((failure) => failure.toObject())).toEqual([
      { property: 'bad', reason: 'is bad [INPUT_INVALID]' },
    ]);
  });

  it('names a property in the reason where the engine would print its secret value', async () => {
    const asked = request(rpc.CheckRequest);
    asked.setNews(struct({ password: SECRET, bad: SECRET }));
    const answer = await call<unknown, rpc.CheckResponse>(service.check, asked);
    expect(answer.getFailuresList().map((failure) => failure.toObject())).toEqual([
      { property: '', reason: 'bad: is bad [INPUT_INVALID]' },
    ]);
  });

  it('reports changed properties, and those that require a replacement', async () => {
    const asked = request(rpc.DiffRequest);
    asked.setOldInputs(struct({ a: 'here' }));
    asked.setNews(struct({ a: 'here' }));
    const { DiffChanges } = rpc.DiffResponse;
    const same = await call<unknown, rpc.DiffResponse>(service.diff, asked);
    expect(same.getChanges()).toBe(DiffChanges.DIFF_NONE);
    asked.setNews(struct({ a: 'elsewhere' }));
    const other = await call<unknown, rpc.DiffResponse>(service.diff, asked);
    expect(other.getChanges()).toBe(DiffChanges.DIFF_SOME);
    expect(other.getReplacesList()).toEqual(['a']);
    expect(other.getDiffsList()).toEqual(['a']);
  });

  it('reports the existing part after a failure, so that the state contains it', async () => {
    const asked = request(rpc.UpdateRequest);
    asked.setId('the-id');
    asked.setOlds(struct({ was: 1 }));
    asked.setNews(struct({ cut: true, password: SECRET }));
    const failed = await call<unknown, never>(service.update, asked).catch(
      (error: unknown) => error,
    );
    const { details, metadata } = failed as { details: string; metadata: Metadata };
    expect(details).toBe('try again [REGISTRY_UNAVAILABLE]');
    const [trailer] = metadata.get('grpc-status-details-bin');
    const [detail] = Status.deserializeBinary(trailer as Uint8Array).getDetailsList();
    expect(detail?.getTypeName()).toBe('pulumirpc.ErrorResourceInitFailed');
    const decoded = rpc.ErrorResourceInitFailed.deserializeBinary(
      detail?.getValue_asU8() ?? new Uint8Array(),
    );
    expect(decoded.getId()).toBe('the-id');
    expect(decoded.getReasonsList()).toEqual([details]);
    expect(decoded.getProperties()?.toJavaScript()).toEqual({
      was: 1,
      cut: true,
      password: SECRET,
    });
  });

  it('creates with an id, and previews without one', async () => {
    const asked = request(rpc.CreateRequest);
    asked.setProperties(struct({ secret: SECRET }));
    const made = await call<unknown, rpc.CreateResponse>(service.create, asked);
    expect([made.getId(), made.getProperties()?.toJavaScript()]).toEqual([
      'the-id',
      { secret: SECRET, later: 'known' },
    ]);
    asked.setPreview(true);
    const planned = await call<unknown, rpc.CreateResponse>(service.create, asked);
    expect(planned.getId()).toBe('');
    expect(planned.getProperties()?.toJavaScript()).toMatchObject({
      later: '04da6b54-80e4-46f7-96ec-b56ff0331ba9',
    });
  });

  it('updates, in a preview too', async () => {
    const asked = request(rpc.UpdateRequest);
    asked.setOlds(struct({ a: 1 }));
    asked.setNews(struct({ b: 2 }));
    asked.setPreview(true);
    const answer = await call<unknown, rpc.UpdateResponse>(service.update, asked);
    expect(answer.getProperties()?.toJavaScript()).toEqual({ a: 1, b: 2, preview: true });
  });

  it('reads an existing resource, and returns an empty id for a missing one', async () => {
    const asked = request(rpc.ReadRequest);
    asked.setId('the-id');
    asked.setProperties(struct({ a: 1 }));
    const there = await call<unknown, rpc.ReadResponse>(service.read, asked);
    expect([there.getId(), there.getProperties()?.toJavaScript()]).toEqual(['the-id', { a: 1 }]);
    asked.setProperties(struct({ gone: true }));
    expect((await call<unknown, rpc.ReadResponse>(service.read, asked)).getId()).toBe('');
  });

  it('refuses to read a resource of which only the id is known, as an import does', async () => {
    const asked = request(rpc.ReadRequest);
    asked.setUrn(URN);
    asked.setId('host.test/app');
    await expect(call(service.read, asked)).rejects.toMatchObject({
      details: expect.stringMatching(
        /^signed-image:index:Thing cannot be imported from host\.test\/app: .*Declare the resource/,
      ) as string,
    });
  });

  it('answers an error with property, message and code, and nothing else', async () => {
    await expect(call(service.delete, request(rpc.DeleteRequest))).rejects.toMatchObject({
      details: 'image: is in use [REGISTRY_CONFLICT]',
    });
    const other = request(rpc.CheckRequest);
    other.setUrn(URN.replace('Thing', 'Other'));
    await expect(call(service.check, other)).rejects.toMatchObject({
      details: expect.stringContaining('no resource of type signed-image:index:Other') as string,
    });
  });

  it('calls a defect by its name, without its stack', async () => {
    const log: EngineLog = createEngineLog(undefined);
    const broken: CrudResource = {
      ...echo,
      check: async () => {
        throw new TypeError('cannot read x');
      },
    };
    const failing = createCrudService([broken], UNCONFIGURED, NO_FUNCTIONS, log);
    await expect(call(failing.check, request(rpc.CheckRequest))).rejects.toMatchObject({
      details: 'internal error of pulumi-signed-image: cannot read x [INTERNAL]',
    });
    expect(new Secret('x')).toBeInstanceOf(Secret);
    log.close();
  });
});
