import { markdownImage } from '../../../report';
import { nameOfUrn, type StackResource } from '../../../report/stack-export';
import { referenceOf } from '../../../report/resource-group';
import { imagesOfStack } from '../../../report/stack-images';
import { formatError } from '../protocol/crud-failure';
import type { CrudResource, UpdateRequest } from '../protocol/crud-resource';
import { PartialStateError } from '../protocol/partial-state';
import { encodeProperties, type Properties } from '../protocol/wire-value';
import type { JobSummary } from './job-summary';

/** Resources of the component end with these names. */
const COMPONENT_NAME = /-(?:plan|build|signature|verified)$/;

/** The resources of this run, from which the sections are created. */
export class SummarizedRun {
  readonly #resources = new Map<string, StackResource>();

  constructor(
    readonly summary: JobSummary,
    private readonly now: () => Date,
  ) {}

  /** Records a resource as it will be in the state. */
  record(type: string, urn: string, inputs: Properties, outputs: Properties): void {
    const parent = componentOf(urn);
    this.#resources.set(urn, {
      urn,
      type,
      name: nameOfUrn(urn),
      // A secret has the same mark as in a state, and is not shown.
      inputs: encodeProperties(inputs) as StackResource['inputs'],
      outputs: encodeProperties(outputs) as StackResource['outputs'],
      modified: this.now().toISOString(),
      initErrors: [],
      ...(parent && { parent: parent.urn }),
    });
  }

  /** Records a resource from the state, unless this run has created or updated it. */
  recordUnchanged(type: string, urn: string, inputs: Properties, outputs: Properties): void {
    if (!this.#resources.has(urn)) this.record(type, urn, inputs, outputs);
  }

  /** Returns the section of the image to which a resource belongs. */
  section(urn: string, failure: string | undefined): string {
    const own = this.#resources.get(urn);
    const component = componentOf(urn);
    const reference = own && referenceOf(own);
    const related = [...this.#resources.values()].filter((each) =>
      component === undefined
        ? each.parent === undefined && (each === own || referenceOf(each) === reference)
        : each.parent === component.urn,
    );
    const resources = component === undefined ? related : [component, ...related];
    const images = imagesOfStack({ resources, interrupted: [] });
    const sections = images.map((image) =>
      failure === undefined
        ? image
        : {
            ...image,
            status: 'problem' as const,
            problems: [{ kind: 'problem' as const, message: failure }],
          },
    );
    return sections.map(markdownImage).join('\n');
  }
}

/** The component of a resource, by its URN: the engine does not send the parent. */
function componentOf(urn: string): StackResource | undefined {
  const parts = urn.split('::');
  const chain = parts[2] ?? '';
  const end = chain.lastIndexOf('$');
  const parentChain = chain.slice(0, end);
  if (end < 0 || !/(?:^|\$)signed-image:index:SignedImage$/.test(parentChain)) return undefined;
  const name = nameOfUrn(urn).replace(COMPONENT_NAME, '');
  const parent = [...parts.slice(0, 2), parentChain, name].join('::');
  const type = 'signed-image:index:SignedImage';
  return { urn: parent, type, name, inputs: {}, outputs: {}, initErrors: [] };
}

/** Adds a section to the job summary for each image that was verified, or that failed. */
export function summarizedResource(resource: CrudResource, run: SummarizedRun): CrudResource {
  const { type } = resource;
  const isLast = type.endsWith(':VerifiedImage');
  const isSummarized = isLast || /:Image(?:Build|Signature)$/.test(type);
  if (!isSummarized) return resource;

  const summarize = async <Result>(
    { urn, inputs, preview, log }: Omit<UpdateRequest, 'id' | 'oldInputs' | 'oldOutputs'>,
    work: () => Promise<Result>,
    outputsOf: (result: Result) => Properties,
  ): Promise<Result> => {
    if (preview) return work();
    try {
      const result = await work();
      run.record(type, urn, inputs, outputsOf(result));
      if (isLast) await run.summary.append(run.section(urn, undefined), log);
      return result;
    } catch (error) {
      const isPartial = error instanceof PartialStateError;
      run.record(type, urn, inputs, isPartial ? error.outputs : {});
      const failure = formatError(isPartial ? error.reason : error);
      await run.summary.append(run.section(urn, failure), log);
      throw error;
    }
  };
  return {
    ...resource,
    diff: async (request) => {
      const { urn, oldInputs, oldOutputs } = request;
      run.recordUnchanged(type, urn, oldInputs, oldOutputs);
      return resource.diff(request);
    },
    create: (request) =>
      summarize(
        request,
        () => resource.create(request),
        ({ outputs }) => outputs,
      ),
    update: (request) =>
      summarize(
        request,
        () => resource.update(request),
        (outputs) => outputs,
      ),
  };
}
