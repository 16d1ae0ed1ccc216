import type { ReadResourceRequest, ResourceInvokeRequest } from '@pulumi/pulumi/proto/resource_pb';
import type { Invoked } from '../provider/provider';
import type { ResourceRecord } from '../state/record';
import { formatUrn, packageOf, packageOfProviderRef, qualify } from '../urn';
import { UNKNOWN, type WireObject } from '../wire/signature';
import { fromStruct } from '../wire/struct';
import { flattenObject, markSecrets } from '../wire/value';
import { answerable, type Run } from './run';

const GET_RESOURCE = 'pulumi:pulumi:getResource';

const readState = async (
  run: Run,
  request: ReadResourceRequest,
  urn: string,
): Promise<ResourceRecord> => {
  const properties = flattenObject(fromStruct(request.getProperties()));
  const identity = { urn, type: request.getType(), name: request.getName() };
  const id = request.getId();
  const pkg = packageOfProviderRef(request.getProvider()) ?? packageOf(identity.type);
  const provider = await run.providers.get(pkg, request.getProvider());
  // A resource that does not exist has no outputs and is not an error, as in the real engine.
  const read =
    id === UNKNOWN ? undefined : await provider.read(identity, id, properties, undefined);
  const names = request.getAdditionalsecretoutputsList();
  return {
    urn,
    type: identity.type,
    custom: true,
    external: true,
    id: read?.id ?? id,
    inputs: {},
    outputs: markSecrets(read?.outputs ?? {}, names),
    ...(request.getParent() !== '' && { parent: request.getParent() }),
    dependencies: request.getDependenciesList(),
    propertyDependencies: {},
    ...(request.getProvider() !== '' && { provider: request.getProvider() }),
    ...(!provider.managed && { recordedOnly: true }),
  };
};

/** `.get`: reads a resource that the program does not own and records it as external. A resource that it owned under that name is deleted later. */
export const readResource = (run: Run, request: ReadResourceRequest): Promise<ResourceRecord> => {
  const { stack, project } = run.context;
  const type = request.getType();
  const qualifiedType = qualify(type, request.getParent());
  const urn = formatUrn({ stack, project, qualifiedType, name: request.getName() });
  return answerable(run, urn, async () => {
    if (run.seen.has(urn)) {
      throw new Error(`Duplicate resource URN '${urn}'; try giving it a unique name`);
    }
    run.seen.add(urn);
    return run.gate.enter(async () => {
      const record = await readState(run, request, urn);
      const old = run.snapshot.before(urn);
      const foreign = old === undefined || old.external === true || old.id === record.id;
      if (!foreign) run.snapshot.retire(old);
      run.snapshot.put(record);
      await run.save();
      run.reporter.done({ op: 'read', urn, type, reasons: [] });
      return record;
    });
  });
};

const getResource = (run: Run, args: WireObject): WireObject => {
  const urn = String(args['urn'] ?? '');
  const record = run.snapshot.reached(urn);
  if (record === undefined) throw new Error(`unknown resource ${urn}`);
  return { urn, id: record.id ?? '', state: record.outputs };
};

/** A function of a provider, or the engine's own `getResource` by which references become resources again. */
export const invoke = async (run: Run, request: ResourceInvokeRequest): Promise<Invoked> => {
  run.gate.check();
  const token = request.getTok();
  const args = flattenObject(fromStruct(request.getArgs()));
  if (token === GET_RESOURCE) return { result: getResource(run, args), failures: [] };
  const pkg = packageOfProviderRef(request.getProvider()) ?? packageOf(token);
  const provider = await run.providers.get(pkg, request.getProvider());
  return provider.invoke({ token, args, dryRun: run.context.dryRun });
};
