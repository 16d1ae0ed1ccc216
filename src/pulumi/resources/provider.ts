import * as pulumi from '@pulumi/pulumi';

import type {
  IdentityArgs,
  RegistryArgs,
  SigstoreArgs,
  SourceArgs,
  TrustedKeyArgs,
} from '../component/args';
import type { Deletion, SignatureFormat, Transparency } from '../component/enums';
import { PACKAGE_NAME } from '../package';
import { withVersion } from './resource-options';

/** Access to one registry. No other registry gets these credentials. */
export interface ProviderRegistryArgs extends RegistryArgs {
  /** Host of the registry, with its port if it has one: `registry.example.com`, `registry.example.com:5000`. */
  host: pulumi.Input<string>;
}

/** Signers that a `VerifiedImage` trusts if it declares none of its own. */
export interface TrustArgs {
  /** Public keys: PEM text, a path or `env://NAME`. */
  keys?: pulumi.Input<pulumi.Input<string>[]>;
  /** Public keys with a time window. */
  trustedKeys?: pulumi.Input<pulumi.Input<TrustedKeyArgs>[]>;
  /** Keyless signers. */
  identities?: pulumi.Input<pulumi.Input<IdentityArgs>[]>;
}

/** Defaults of all resources of a provider. What a resource declares wins. */
export interface ProviderArgs {
  /** Access to one registry, for images in it. A `registry` of a resource replaces it as a whole. */
  registry?: pulumi.Input<ProviderRegistryArgs>;
  /** The Sigstore instance. A `sigstore` of a resource replaces it as a whole. */
  sigstore?: pulumi.Input<SigstoreArgs>;
  /** Signers that a `VerifiedImage` trusts if it declares neither `keys` nor `trustedKeys` nor `identities`. */
  trust?: pulumi.Input<TrustArgs>;
  /** Transparency of signatures: `public`, `private` or `none`. */
  transparency?: pulumi.Input<Transparency>;
  /** Storage format of signatures: `bundle`, `legacy` or `both`. */
  format?: pulumi.Input<SignatureFormat>;
  /** Overrides of the detected source; a resource overrides single members. */
  source?: pulumi.Input<SourceArgs>;
  /** Signed annotations; a resource adds its own, and overrides those with the same name. */
  annotations?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** What a delete or a replacement removes from the registry: `keep`, `signatures` or `all`. */
  deletion?: pulumi.Input<Deletion>;
}

/**
 * A provider of this package with defaults of its own: pass it as `provider` to a resource or a component. Without
 * one, the defaults are those of the configuration (`pulumi config set --path signed-image:registry.host ...`).
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, options?: pulumi.ResourceOptions) {
    const { registry, sigstore, trust, source, annotations, ...words } = args;
    super(
      PACKAGE_NAME,
      name,
      {
        // Its credentials are secret whether or not the program marked them.
        registry: registry && jsonText(pulumi.secret(registry)),
        sigstore: jsonText(sigstore),
        trust: jsonText(trust),
        source: jsonText(source),
        annotations: jsonText(annotations),
        ...words,
      },
      withVersion(options),
    );
  }
}

/** Inputs of a provider that are objects are JSON text on the wire. */
function jsonText(value: pulumi.Input<object> | undefined): pulumi.Output<string> | undefined {
  return value === undefined ? undefined : pulumi.jsonStringify(value);
}
