/** A person who can sign in: available in an update, never in a preview. */
export interface InteractiveLogin {
  /** Shows a line with an address or a code; neither is a secret. */
  readonly announce: (message: string) => void;
  /** How long to wait for the sign-in, in milliseconds. Default: five minutes. */
  readonly timeoutMs?: number;
}
