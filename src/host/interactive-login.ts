/** Somebody who can be asked to sign in: present in an update, never in a preview. */
export interface Person {
  /** Shows a line that holds an address or a code, neither of them a secret. */
  readonly announce: (message: string) => void;
  /** How long a sign-in is waited for, in milliseconds. Default: five minutes. */
  readonly patience?: number;
}
