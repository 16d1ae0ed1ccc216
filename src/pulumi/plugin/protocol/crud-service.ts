import type { handleUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import * as rpc from '@pulumi/pulumi/proto/provider_pb';

import { type Problem, SignedImageError } from '../../../error';
import { callSignal, type CancellableCall } from './call-signal';
import { toServiceError } from './crud-failure';
import type { CrudResource } from './crud-resource';
import { detailedDiff } from './detailed-diff';
import type { FunctionResult } from '../functions/functions';
import type { EngineLog } from './engine-log';
import { Empty, Struct } from './pulumi-grpc';
import { decodeProperties, encodeProperties, type Properties } from './wire-value';

type Handler<Request, Response> = handleUnaryCall<Request, Response>;

/** The inputs of the provider itself: defaults of its resources. */
export interface ProviderInputsHandler {
  check(inputs: Properties): Promise<readonly Problem[]>;
  /** Marks credentials as secret, whether or not the program or the configuration marked them. */
  mark(inputs: Properties): Properties;
  /** Returns the names of the inputs that differ. */
  changed(olds: Properties, news: Properties): readonly string[];
  /** Called once, before any call that concerns a resource. */
  configure(inputs: Properties): void;
}

/** The functions of the package. */
export interface FunctionsHandler {
  call(token: string, args: Properties): Promise<FunctionResult>;
}

/** The CRUD half of Pulumi's `ResourceProvider` service, with preview. */
export interface CrudService {
  readonly checkConfig: Handler<rpc.CheckRequest, rpc.CheckResponse>;
  readonly diffConfig: Handler<rpc.DiffRequest, rpc.DiffResponse>;
  readonly configure: Handler<rpc.ConfigureRequest, rpc.ConfigureResponse>;
  readonly invoke: Handler<rpc.InvokeRequest, rpc.InvokeResponse>;
  readonly check: Handler<rpc.CheckRequest, rpc.CheckResponse>;
  readonly diff: Handler<rpc.DiffRequest, rpc.DiffResponse>;
  readonly create: Handler<rpc.CreateRequest, rpc.CreateResponse>;
  readonly update: Handler<rpc.UpdateRequest, rpc.UpdateResponse>;
  readonly read: Handler<rpc.ReadRequest, rpc.ReadResponse>;
  readonly delete: Handler<rpc.DeleteRequest, unknown>;
}

/**
 * Returns a problem as the engine shows it. The engine prints the value of a top-level property beside the reason,
 * also one that is secret. Where the value could be or contain a secret, the property is named in the reason instead.
 * The reason ends with the code, as the messages of other calls do (`formatError`).
 */
function toCheckFailure(problem: Problem, news: Properties): rpc.CheckFailure {
  const { property } = problem;
  const message = `${problem.message} [${problem.code}]`;
  const failed = new rpc.CheckFailure();
  const isShown = Object.hasOwn(news, property);
  const isPlain = ['boolean', 'number'].includes(typeof news[property]);
  if (!isShown || isPlain) return failed.setProperty(property).setReason(message);
  return failed.setReason(`${property}: ${message}`);
}

/**
 * Serves these resources. The SDK's server does not support previews and does not pass the `preview` flag
 * (docs/explanation/adr/0005), so these calls are handled here; all others are handled by the SDK.
 *
 * https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
 */
export function createCrudService(
  resources: readonly CrudResource[],
  provider: ProviderInputsHandler,
  functions: FunctionsHandler,
  engineLog: EngineLog,
): CrudService {
  const byType = new Map(resources.map((resource) => [resource.type, resource]));
  const resourceOf = (urn: string): CrudResource => {
    const type = typeOf(urn);
    const resource = byType.get(type);
    if (resource) return resource;
    throw new SignedImageError({
      code: 'INTERNAL',
      message: `this plugin has no resource of type ${type}; check that the versions of the plugin and of the SDK match`,
    });
  };

  const flushLog = async (request: unknown): Promise<void> => {
    const { getUrn } = request as { readonly getUrn?: () => string };
    // Configure does not concern a resource.
    if (getUrn) await engineLog.flush(getUrn.call(request));
  };

  const handle =
    <Request, Response>(
      work: (request: Request, call: CancellableCall) => Promise<Response>,
    ): Handler<Request, Response> =>
    (call, callback: sendUnaryData<Response>) => {
      work(call.request, call)
        .finally(() => flushLog(call.request))
        .then(
          (response) => callback(null, response),
          (error: unknown) => callback(toServiceError(error)),
        );
    };

  return {
    checkConfig: handle(async (request) => {
      const news = properties(request.getNews());
      const problems = await provider.check(news);
      const response = new rpc.CheckResponse();
      response.setInputs(Struct.fromJavaScript(wire(provider.mark(news))));
      response.setFailuresList(problems.map((problem) => toCheckFailure(problem, news)));
      return response;
    }),

    // Other defaults change resources, if anything; they never replace them.
    diffConfig: handle(async (request) => {
      const changed = provider.changed(
        properties(request.getOldInputs()),
        properties(request.getNews()),
      );
      return diffResponse(changed, []);
    }),

    configure: handle(async (request) => {
      provider.configure(configuredInputs(request));
      const response = new rpc.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setAcceptresources(true);
      response.setAcceptoutputs(true);
      response.setSupportspreview(true);
      return response;
    }),

    invoke: handle(async (request) => {
      const answer = await functions.call(request.getTok(), properties(request.getArgs()));
      const response = new rpc.InvokeResponse();
      if ('result' in answer) response.setReturn(Struct.fromJavaScript(wire(answer.result)));
      else {
        response.setFailuresList(answer.problems.map((problem) => toCheckFailure(problem, {})));
      }
      return response;
    }),

    check: handle(async (request) => {
      const urn = request.getUrn();
      const news = properties(request.getNews());
      const { inputs, problems } = await resourceOf(urn).check({
        urn,
        olds: properties(request.getOlds()),
        news,
        log: engineLog.for(urn),
      });
      const response = new rpc.CheckResponse();
      // With problems, the inputs may have an unknown value, which the engine rejects in an update: it
      // would report that instead of the problems.
      response.setInputs(Struct.fromJavaScript(wire(problems.length > 0 ? {} : inputs)));
      response.setFailuresList(problems.map((problem) => toCheckFailure(problem, news)));
      return response;
    }),

    diff: handle(async (request) => {
      const urn = request.getUrn();
      const [oldInputs, news] = [properties(request.getOldInputs()), properties(request.getNews())];
      const { changed, replaces } = await resourceOf(urn).diff({
        urn,
        id: request.getId(),
        oldInputs,
        oldOutputs: properties(request.getOlds()),
        news,
        log: engineLog.for(urn),
      });
      const response = diffResponse(changed, replaces);
      response.setHasdetaileddiff(true);
      for (const [path, diff] of detailedDiff({ changed, replaces }, oldInputs, news)) {
        response.getDetaileddiffMap().set(path, diff);
      }
      return response;
    }),

    create: handle(async (request, call) => {
      const urn = request.getUrn();
      const { id, outputs } = await resourceOf(urn).create({
        urn,
        inputs: properties(request.getProperties()),
        preview: request.getPreview(),
        log: engineLog.for(urn),
        signal: callSignal(call, request.getTimeout()),
      });
      const response = new rpc.CreateResponse();
      response.setId(request.getPreview() ? '' : id);
      response.setProperties(Struct.fromJavaScript(wire(outputs)));
      return response;
    }),

    update: handle(async (request, call) => {
      const urn = request.getUrn();
      const outputs = await resourceOf(urn).update({
        urn,
        id: request.getId(),
        inputs: properties(request.getNews()),
        oldInputs: properties(request.getOldInputs()),
        oldOutputs: properties(request.getOlds()),
        preview: request.getPreview(),
        log: engineLog.for(urn),
        signal: callSignal(call, request.getTimeout()),
      });
      const response = new rpc.UpdateResponse();
      response.setProperties(Struct.fromJavaScript(wire(outputs)));
      return response;
    }),

    read: handle(async (request) => {
      const urn = request.getUrn();
      const [inputs, outputs] = [
        properties(request.getInputs()),
        properties(request.getProperties()),
      ];
      if (Object.keys({ ...inputs, ...outputs }).length === 0) {
        throw importError(typeOf(urn), request.getId());
      }
      const found = await resourceOf(urn).read({
        urn,
        id: request.getId(),
        inputs,
        outputs,
        log: engineLog.for(urn),
      });
      const response = new rpc.ReadResponse();
      // An empty id means to the engine that the resource no longer exists.
      response.setId(found ? request.getId() : '');
      if (found) {
        response.setInputs(Struct.fromJavaScript(wire(found.inputs)));
        response.setProperties(Struct.fromJavaScript(wire(found.outputs)));
      }
      return response;
    }),

    delete: handle(async (request) => {
      const urn = request.getUrn();
      await resourceOf(urn).delete({
        urn,
        id: request.getId(),
        inputs: properties(request.getOldInputs()),
        outputs: properties(request.getProperties()),
        log: engineLog.for(urn),
      });
      return new Empty();
    }),
  };
}

function diffResponse(changed: readonly string[], replaces: readonly string[]): rpc.DiffResponse {
  const response = new rpc.DiffResponse();
  const { DiffChanges } = rpc.DiffResponse;
  response.setChanges(changed.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
  response.setDiffsList([...changed]);
  response.setReplacesList([...replaces]);
  return response;
}

/** The inputs of the provider: as values, or from an engine that does not send these as texts without secret marks. */
function configuredInputs(request: rpc.ConfigureRequest): Properties {
  const args = properties(request.getArgs());
  if (Object.keys(args).length > 0) return args;
  return Object.fromEntries(
    [...request.getVariablesMap().entries()].map(([key, value]) => [
      key.slice(key.lastIndexOf(':') + 1),
      value,
    ]),
  );
}

/** A read with nothing but an id: `pulumi import`, the option `import`, or `.get()`. */
function importError(type: string, id: string): SignedImageError {
  return new SignedImageError({
    code: 'INPUT_INVALID',
    message:
      `${type} cannot be imported from ${id}: a registry does not store the signer and the policy that are its inputs. ` +
      'Declare the resource without an import: the first update finds the existing signatures and writes only what is missing',
  });
}

/** `urn:pulumi:stack::project::parent$type::name` -> `type`. */
function typeOf(urn: string): string {
  const qualified = urn.split('::')[2] ?? '';
  return qualified.slice(qualified.lastIndexOf('$') + 1);
}

function properties(struct: { toJavaScript(): object } | undefined): Properties {
  return struct ? decodeProperties(struct.toJavaScript() as Record<string, unknown>) : {};
}

function wire(tree: Properties): Parameters<typeof Struct.fromJavaScript>[0] {
  return encodeProperties(tree) as Parameters<typeof Struct.fromJavaScript>[0];
}
