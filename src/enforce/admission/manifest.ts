/** A Kubernetes object as it is sent to the API server, or written as YAML. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [member: string]: unknown;
}

// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** What is wrong with the name of an object, if anything is. */
export function nameFault(name: string): string | undefined {
  return NAME.test(name)
    ? undefined
    : 'must be lower-case letters, digits, "-" and ".", beginning and ending with a letter or digit';
}
