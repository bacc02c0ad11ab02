/** Fresh names. Opaque: nothing can be read from them, and nothing is decided by them. */
export interface Ids {
  /** `bg-` and ten characters of Crockford base 32 without vowels: short enough to say on a phone. */
  request(): string;
}
