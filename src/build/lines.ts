import { StringDecoder } from 'node:string_decoder';

/** Characters of a line; an image's config on one line has far fewer. */
export const LONGEST_LINE = 4 * 1024 * 1024;
/**
 * In place of a longer one. No part of it is shown: a cut could go through a secret, of which a part
 * is then not recognized.
 */
const TOO_LONG = `(a line of more than ${LONGEST_LINE} characters)`;

/** Cuts a stream of bytes into lines; progress bars end theirs with a carriage return. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #take: (line: string) => void;
  /** The line that has begun, in the pieces in which it came. */
  #pieces: string[] = [];
  #length = 0;
  /** A carriage return at the end of a chunk may be the first half of an end of line. */
  #returned = false;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  write(chunk: Buffer): void {
    this.#cut(this.#decoder.write(chunk));
  }

  end(): void {
    this.#cut(this.#decoder.end());
    if (this.#length > 0 || this.#returned) this.#endLine();
    this.#returned = false;
  }

  #cut(text: string): void {
    if (text === '') return;
    const whole = this.#returned ? `\r${text}` : text;
    this.#returned = whole.endsWith('\r');
    const lines = (this.#returned ? whole.slice(0, -1) : whole).split(/\r\n|\r|\n/);
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      this.#add(line);
      this.#endLine();
    }
    this.#add(rest);
  }

  #add(piece: string): void {
    if (piece === '') return;
    this.#length += piece.length;
    if (this.#length > LONGEST_LINE) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  #endLine(): void {
    const line = this.#length > LONGEST_LINE ? TOO_LONG : this.#pieces.join('');
    this.#pieces = [];
    this.#length = 0;
    this.#take(line);
  }
}

/** Characters and lines of an output that are kept at the least, if there are as many. */
const KEPT_CHARACTERS = 8 * 1024 * 1024;
const KEPT_LINES = 100_000;

/** The last lines of an output, however long that is: a build may print without limit. */
export class LastLines {
  #former: readonly string[] = [];
  #current: string[] = [];
  #length = 0;

  push(line: string): void {
    if (this.#length + line.length > KEPT_CHARACTERS || this.#current.length >= KEPT_LINES) {
      this.#former = this.#current;
      this.#current = [];
      this.#length = 0;
    }
    this.#current.push(line);
    this.#length += line.length;
  }

  get all(): readonly string[] {
    return [...this.#former, ...this.#current];
  }
}
