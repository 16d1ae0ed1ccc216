/** A value that is created once, on first use; if the creation throws, the next use tries again. */
export interface Lazy<Value> {
  get(): Value;
  /** The value if it was created already, for cleanup. */
  readonly created: Value | undefined;
}

export function lazy<Value extends object>(create: () => Value): Lazy<Value> {
  let created: Value | undefined;
  return {
    get: () => (created ??= create()),
    get created() {
      return created;
    },
  };
}
