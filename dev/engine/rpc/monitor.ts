import { status } from '@grpc/grpc-js';
import type { IResourceMonitorServer } from '@pulumi/pulumi/proto/resource_grpc_pb';
import { CheckFailure } from '@pulumi/pulumi/proto/provider_pb';
import {
  DeploymentInfo,
  ReadResourceResponse,
  RegisterResourceResponse,
  ResourceInvokeResponse,
  ResourceMonitorFeature,
  SupportsFeatureResponse,
  type RegisterResourceOutputsRequest,
  type RegisterResourceRequest,
} from '@pulumi/pulumi/proto/resource_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { constructResource } from '../deploy/construct';
import { parseGoal } from '../deploy/goal';
import { invoke, readResource } from '../deploy/reads';
import { completed, registerResource, urnOf } from '../deploy/registration';
import { answerable, type Run } from '../deploy/run';
import type { ResourceRecord } from '../state/record';
import { fromStruct, toStruct } from '../wire/struct';
import { flattenObject, wireEquals } from '../wire/value';
import { callbackRef } from './callbacks';
import { Refused, unary } from './status';

/** The features of the engine; without SECRETS the SDK would send secrets in plain text. */
const FEATURES: Readonly<Record<string, ResourceMonitorFeature>> = {
  secrets: ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_SECRETS,
  resourceReferences: ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  outputValues: ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
  aliasSpecs: ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  deletedWith: ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  transforms: ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
  resourceHooks: ResourceMonitorFeature.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
};

const deploymentInfo = ({ context }: Run): DeploymentInfo => {
  const info = new DeploymentInfo()
    .setProject(context.project)
    .setStack(context.stack)
    .setOrganization(context.organization)
    .setConfigsecretkeysList([...context.config.secretKeys])
    .setDryrun(context.dryRun)
    .setParallel(context.parallel)
    .setSupportedfeaturesList(Object.values(FEATURES));
  for (const [key, value] of Object.entries(context.config.values)) {
    info.getConfigMap().set(key, value);
  }
  return info;
};

const register = async (
  run: Run,
  request: RegisterResourceRequest,
): Promise<RegisterResourceResponse> => {
  const requested = completed(run, parseGoal(request));
  const urn = urnOf(run, requested);
  const own = request.getTransformsList().map(callbackRef);
  run.transforms.remember(urn, requested.parent, own);
  const goal = await answerable(run, urn, () => run.transforms.apply(requested, own));
  if (goal.remote) {
    const made = await constructResource(run, goal);
    const response = new RegisterResourceResponse()
      .setUrn(made.urn)
      .setObject(toStruct(made.outputs));
    for (const [key, urns] of Object.entries(made.dependencies)) {
      const list = new RegisterResourceResponse.PropertyDependencies().setUrnsList([...urns]);
      response.getPropertydependenciesMap().set(key, list);
    }
    return response;
  }
  const record = await registerResource(run, goal);
  return new RegisterResourceResponse()
    .setUrn(record.urn)
    .setId(record.id ?? '')
    .setObject(toStruct(record.custom ? record.outputs : record.inputs));
};

const setOutputs = async (run: Run, request: RegisterResourceOutputsRequest): Promise<void> => {
  run.gate.check();
  const record = run.snapshot.reached(request.getUrn());
  if (record === undefined) {
    throw new Refused(status.UNKNOWN, `unknown resource ${request.getUrn()}`);
  }
  const outputs = flattenObject(fromStruct(request.getOutputs()));
  if (wireEquals(outputs, record.outputs)) return;
  const changed: ResourceRecord = { ...record, outputs };
  run.snapshot.amend(changed);
  await run.save();
};

const unsupported = (what: string) =>
  unary(async () => {
    throw new Refused(status.UNIMPLEMENTED, `the local engine does not support ${what}`);
  });

/** pulumirpc.ResourceMonitor, which programs and components in plugins call. */
export const monitorService = (run: Run, finish: () => Promise<void>): IResourceMonitorServer => ({
  getDeploymentInfo: unary(async () => deploymentInfo(run)),
  supportsFeature: unary(async (request) =>
    new SupportsFeatureResponse().setHassupport(Object.hasOwn(FEATURES, request.getId())),
  ),
  invoke: unary(async (request) => {
    const { result, failures } = await invoke(run, request);
    return new ResourceInvokeResponse()
      .setReturn(toStruct(result))
      .setFailuresList(
        failures.map((failure) =>
          new CheckFailure().setProperty(failure.property).setReason(failure.reason),
        ),
      );
  }),
  readResource: unary(async (request) => {
    const record = await readResource(run, request);
    return new ReadResourceResponse().setUrn(record.urn).setProperties(toStruct(record.outputs));
  }),
  registerResource: unary((request) => register(run, request)),
  registerResourceOutputs: unary(async (request) => {
    await setOutputs(run, request);
    return new Empty();
  }),
  registerStackTransform: unary(async (request) => {
    run.transforms.addForStack(callbackRef(request));
    return new Empty();
  }),
  registerResourceHook: unary(async (request) => {
    run.hooks.add(request.getName(), {
      callback: callbackRef(request.getCallback()),
      onDryRun: request.getOnDryRun(),
      ignoreErrors: request.getIgnoreErrors(),
    });
    return new Empty();
  }),
  // The program still runs at this point, so hooks of deletions can run.
  signalAndWaitForShutdown: unary(async () => {
    await finish();
    return new Empty();
  }),
  call: unsupported('methods (Call)'),
  existsResource: unsupported('existsResource'),
  registerStackInvokeTransform: unsupported('invoke transforms'),
  registerErrorHook: unsupported('error hooks'),
  registerPackage: unsupported('parameterised packages'),
});
