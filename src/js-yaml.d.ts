declare module 'js-yaml' {
  export function load(text: string): unknown;
  export function dump(
    value: unknown,
    options?: { readonly lineWidth?: number; readonly noRefs?: boolean },
  ): string;

  /** Every document of a text. Throws a YAMLException for what is not YAML. */
  export function loadAll(text: string): unknown[];
}
