import { StringDecoder } from 'node:string_decoder';

/** Cuts a stream of bytes into lines; progress bars end theirs with a carriage return. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #take: (line: string) => void;
  #rest = '';

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  write(chunk: Buffer): void {
    this.#cut(this.#rest + this.#decoder.write(chunk));
  }

  end(): void {
    this.#cut(this.#rest + this.#decoder.end());
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
  }

  #cut(text: string): void {
    const lines = text.split(/\r\n|\r(?!$)|\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }
}
