declare module 'js-yaml' {
  export interface TypeOptions {
    readonly kind: 'scalar';
    readonly resolve: (data: unknown) => boolean;
    readonly predicate: (data: unknown) => boolean;
  }

  /** A tag, and which texts are of it. */
  export class Type {
    constructor(tag: string, options: TypeOptions);
  }

  export interface Schema {
    extend(types: { readonly implicit: readonly Type[] }): Schema;
  }

  export const DEFAULT_SCHEMA: Schema;

  export function load(text: string): unknown;
  export function dump(
    value: unknown,
    options?: { readonly lineWidth?: number; readonly noRefs?: boolean; readonly schema?: Schema },
  ): string;

  /** Every document of a text. Throws a YAMLException for what is not YAML. */
  export function loadAll(text: string): unknown[];
}
