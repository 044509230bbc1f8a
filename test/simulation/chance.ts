/** The one source of chance: a seed gives the same numbers in every process, and each name its own stream of them. */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;
  readonly #seed: number;

  constructor(seed: number, name = '') {
    this.#seed = seed;
    let hash = 0x811c9dc5 ^ seed;
    for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
    this.#a = hash | 0;
    this.#b = seed | 0;
    this.#c = (seed ^ (hash >>> 3)) | 0;
    for (let turn = 0; turn < 12; turn++) this.next();
  }

  /** Another stream of the same seed. */
  fork(name: string): Chance {
    return new Chance(this.#seed, name);
  }

  /** At least 0 and below 1 (sfc32, C. Doty-Humphrey's PractRand). */
  next(): number {
    const sum = (this.#a + this.#b + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  between(least: number, below: number): number {
    return least + this.next() * (below - least);
  }

  /** A whole number from `least` to `most`. */
  int(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1));
  }

  /** A time that is mostly short and sometimes long, `mean` on average (an exponential distribution). */
  wait(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.int(0, from.length - 1)];
    if (picked === undefined) throw new RangeError('There is nothing to pick from.');
    return picked;
  }

  bytes(count: number): Uint8Array {
    const bytes = Buffer.alloc(count);
    for (let at = 0; at < count; at++) bytes[at] = this.next() * 256;
    return bytes;
  }
}
