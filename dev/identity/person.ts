/** What is told to a person who is asked to sign in, and what that person's browser does with it. */
export interface PersonDouble {
  readonly announce: (message: string) => void;
  /** All that was announced. */
  readonly heard: readonly string[];
  /** Resolves when the browser has been to all the addresses. */
  settled(): Promise<void>;
}

/** A person who opens every address at once; what the issuer then does is its `login.decision`. */
export function personAtBrowser(): PersonDouble {
  const heard: string[] = [];
  const visits: Promise<unknown>[] = [];
  return {
    heard,
    announce(message) {
      heard.push(message);
      const address = /https?:\/\/\S+/.exec(message)?.[0];
      if (address === undefined) return;
      visits.push(
        fetch(address)
          .then((answer) => answer.text())
          .catch(() => undefined),
      );
    },
    settled: async () => {
      await Promise.all(visits);
    },
  };
}
