/** What a program in YAML is given. */
export interface YamlProgram {
  /** The project of the stage, for its plugins. */
  readonly project: string;
  readonly verified: unknown;
  readonly remote: Readonly<Record<string, unknown>>;
  readonly password: string;
  /** Image of a Pod that a group of manifests makes; `${app.imageRef}` is the verified one. */
  readonly grouped: string;
}

const containers = (image: string) => ({ containers: [{ name: 'app', image }] });
const options = { provider: '${files}' };

/** A program without a line of JavaScript: the text of its `Pulumi.yaml`. */
export function yamlProgram(given: YamlProgram): string {
  const { key, ...remote } = given.remote;
  const resources = {
    files: {
      type: 'pulumi:providers:kubernetes',
      properties: { renderYamlToDirectory: 'rendered' },
    },
    app: { type: 'signed-image:index:VerifiedImage', properties: given.verified },
    remote: {
      type: 'signed-image:index:SignedImage',
      properties: {
        ...remote,
        key: { ...(key as object), password: { 'fn::secret': given.password } },
      },
    },
    'of-resource': {
      type: 'kubernetes:core/v1:Pod',
      properties: { spec: containers('${app.imageRef}') },
      options,
    },
    'of-component': {
      type: 'kubernetes:core/v1:Pod',
      properties: { spec: containers('${remote.imageRef}') },
      options,
    },
    group: {
      type: 'kubernetes:yaml/v2:ConfigGroup',
      properties: {
        objs: [
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'grouped' },
            spec: containers(given.grouped),
          },
        ],
      },
      options: { providers: ['${files}'] },
    },
  };
  const project = given.project.replace('runtime: nodejs', 'runtime: yaml');
  return `${project}resources: ${JSON.stringify(resources)}\n`;
}
