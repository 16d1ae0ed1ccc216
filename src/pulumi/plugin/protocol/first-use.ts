/** What is made when it is first asked for, and once; if that throws, the next one tries again. */
export interface FirstUse<Made> {
  get(): Made;
  /** What was made so far, if anything was: for those who only clean up. */
  readonly made: Made | undefined;
}

export function onFirstUse<Made extends object>(make: () => Made): FirstUse<Made> {
  let made: Made | undefined;
  return {
    get: () => (made ??= make()),
    get made() {
      return made;
    },
  };
}
