/** JSON as people type it, and where it stops being that. */
import type { Json } from "./document";

export interface JsonFault {
  /** The range in the text that is wrong. */
  from: number;
  to: number;
  message: string;
}

export type ReadJson = { value: Json } | JsonFault;

/** Reads `text`, or says where the first thing is that is no JSON; browsers name the place in words. */
export function readJson(text: string): ReadJson {
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    const words = (error as Error).message;
    const named = /at position (\d+)/.exec(words)?.[1];
    const at = Math.min(named === undefined ? text.length : Number(named), text.length);
    // At the end there is nothing to mark: the last letter stands for what is missing.
    const from = at >= text.length ? Math.max(0, text.trimEnd().length - 1) : at;
    const line = text.slice(0, at).split("\n").length;
    const where = text.includes("\n") ? ` (line ${line})` : "";
    return { from, to: from + 1, message: `This is no JSON yet${where}: ${plain(words)}` };
  }
}

/** The browser's words without its own account of the place. */
function plain(words: string): string {
  const said = words.replace(/^JSON\.parse: /, "").replace(/ in JSON at position.*$/s, "");
  return `${said.replace(/, (\.\.\.)?".*$/s, "")}.`;
}
