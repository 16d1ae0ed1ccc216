/** Interactive login by a user: available in an update, never in a preview. */
export interface InteractiveLogin {
  /** Shows a message with a URL or a code; neither is a secret. */
  readonly announce: (message: string) => void;
  /** How long to wait for the sign-in, in milliseconds. Default: five minutes. */
  readonly timeoutMs?: number;
}
