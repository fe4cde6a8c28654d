const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export type IdPrefix = "c" | "p" | "q" | "s" | "d" | "e";
/** Makes fresh element ids; given to intents so that they stay pure. */
export type NewId = (prefix: IdPrefix) => string;

/** `<letter><10 random base62>`: 59 bits, enough for every element of one design. */
export const randomId: NewId = (prefix) => {
  let id: string = prefix;
  while (id.length < 11) {
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) {
      // 248 is the largest multiple of 62 in a byte: beyond it some letters would come more often.
      if (byte < 248 && id.length < 11) id += LETTERS[byte % 62];
    }
  }
  return id;
};
