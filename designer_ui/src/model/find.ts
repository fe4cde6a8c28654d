/** Finding by a few typed letters. */

export interface Findable {
  /** What is typed for. */
  title: string;
  /** Found by as well, but counts less: a type, a page. */
  detail: string;
}

/** The best `limit` of `entries` for `text`, best first; all in their own order when nothing is typed. */
export function ranked<T extends Findable>(
  entries: readonly T[],
  text: string,
  limit: number,
): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries.slice(0, limit);
  const found: { entry: T; score: number; at: number }[] = [];
  entries.forEach((entry, at) => {
    let score = 0;
    for (const word of words) {
      const points = Math.max(rate(entry.title, word) * 2, rate(entry.detail, word));
      if (points === 0) return;
      score += points;
    }
    found.push({ entry, score: score - Math.min(entry.title.length, 60) / 100, at });
  });
  return found
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, limit)
    .map(({ entry }) => entry);
}

/** 4: begins with the word; 3: one of its words does; 2: holds it; 1: has its letters in order; 0: none. */
function rate(text: string, word: string): number {
  const lower = text.toLowerCase();
  if (lower.startsWith(word)) return 4;
  const at = lower.indexOf(word);
  if (at > 0) {
    const before = text.charAt(at - 1);
    const camel = /[a-z0-9]/.test(before) && /[A-Z]/.test(text.charAt(at));
    return camel || !/[A-Za-z0-9]/.test(before) ? 3 : 2;
  }
  let from = 0;
  for (const letter of word) {
    from = lower.indexOf(letter, from) + 1;
    if (from === 0) return 0;
  }
  return word.length > 2 ? 1 : 0;
}
