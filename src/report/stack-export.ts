import { SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import { isJsonObject, type JsonObject } from '../oci/strict-json';
import { listAt, objectAt, textAt } from './json-access';

/** A stack of ten thousand resources has some hundred values for each. */
const MAX_STATE_VALUES = 10_000_000;

/** One resource in the state of a stack. */
export interface StackResource {
  readonly urn: string;
  readonly type: string;
  /** Name of the resource in the program. */
  readonly name: string;
  readonly parent?: string;
  readonly inputs: JsonObject;
  readonly outputs: JsonObject;
  /** When the state of the resource last changed, RFC 3339. */
  readonly modified?: string;
  /** Errors of a creation or an update that succeeded in part. */
  readonly initErrors: readonly string[];
}

/** The state of a stack. */
export interface StackExport {
  /** `project/stack`; absent if the state has no resource. */
  readonly name?: string;
  /** When the state was written, RFC 3339. */
  readonly time?: string;
  /** Without resources that are pending deletion. */
  readonly resources: readonly StackResource[];
  /** URNs of resources whose operation was interrupted. */
  readonly interrupted: readonly string[];
}

/** Creates the error of a state that cannot be used. */
export function invalidState(why: string): SignedImageError {
  return new SignedImageError({
    code: 'INPUT_INVALID',
    property: 'stackState',
    message: `the state of the stack ${why}; give the output of \`pulumi stack export\``,
  });
}

/** Parses JSON text; `undefined` if it is not valid. */
export function parseJson(text: string): unknown {
  try {
    return parseBoundedJson(text, MAX_STATE_VALUES);
  } catch {
    return undefined;
  }
}

/**
 * Parses the output of `pulumi stack export`, or a state file of a DIY backend
 * (`.pulumi/stacks/PROJECT/STACK.json`).
 *
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go (`DeploymentV3`)
 *
 * @throws SignedImageError `INPUT_INVALID` on `stackState`
 */
export function parseStackExport(text: string): StackExport {
  const file = parseJson(text);
  const checkpoint = objectAt(objectAt(file, 'checkpoint'), 'latest');
  const deployment = Array.isArray(checkpoint['resources'])
    ? checkpoint
    : objectAt(file, 'deployment');
  if (!Array.isArray(deployment['resources'])) throw invalidState('is not a stack export');
  const time = textAt(objectAt(deployment, 'manifest'), 'time');
  const resources = deployment['resources'].flatMap(toResource);
  const name = stackName(resources[0]?.urn ?? '');
  const interrupted = listAt(deployment, 'pending_operations').flatMap(
    (each) => textAt(objectAt(each, 'resource'), 'urn') ?? [],
  );
  return {
    ...(name !== undefined && { name }),
    ...(time !== undefined && { time }),
    resources,
    interrupted,
  };
}

/** `urn:pulumi:STACK::PROJECT::TYPE::NAME` */
function stackName(urn: string): string | undefined {
  const [stack, project] = urn.replace(/^urn:pulumi:/, '').split('::');
  return stack && project ? `${project}/${stack}` : undefined;
}

/** Returns the name in a URN, which may contain `::` itself. */
export function nameOfUrn(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

function toResource(value: unknown): readonly StackResource[] {
  const urn = textAt(value, 'urn') ?? '';
  const type = textAt(value, 'type');
  if (!isJsonObject(value) || type === undefined || value['delete'] === true) return [];
  const parent = textAt(value, 'parent');
  const modified = textAt(value, 'modified') ?? textAt(value, 'created');
  const initErrors = listAt(value, 'initErrors').filter((each) => typeof each === 'string');
  return [
    {
      urn,
      type,
      name: nameOfUrn(urn),
      inputs: objectAt(value, 'inputs'),
      outputs: objectAt(value, 'outputs'),
      initErrors,
      ...(parent !== undefined && { parent }),
      ...(modified !== undefined && { modified }),
    },
  ];
}
