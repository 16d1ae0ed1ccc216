/** The messages to a person who is prompted to sign in, and the requests of that person's browser. */
export interface PersonDouble {
  readonly announce: (message: string) => void;
  /** All messages. */
  readonly messages: readonly string[];
  /** Resolves when the browser has opened all URLs. */
  settled(): Promise<void>;
}

/** A person who opens every URL at once; the issuer's `login.decision` is that person's decision. */
export function personAtBrowser(): PersonDouble {
  const messages: string[] = [];
  const visits: Promise<unknown>[] = [];
  return {
    messages,
    announce(message) {
      messages.push(message);
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
