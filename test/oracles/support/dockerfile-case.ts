export interface DockerfileCase {
  readonly text: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly platform: string;
}
