const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (code: number) => (text: string) =>
  colour ? `\u001b[${code}m${text}\u001b[0m` : text;

export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);

export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

let steps = 0;

/** Begins a step of the demo. */
export function step(title: string): void {
  steps += 1;
  print(`\n${bold(`${steps}. ${title}`)}`);
}

export function ok(text: string): void {
  print(`   ${green('ok')} ${text}`);
}
