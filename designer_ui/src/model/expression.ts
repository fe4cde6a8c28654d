/** Text with `{{ expressions }}` in it: where they are, whether they are whole, what may stand there. */

export interface ExpressionFault {
  /** The range in the text that is wrong. */
  from: number;
  to: number;
  message: string;
}

const CLOSERS: { [open: string]: string } = { "(": ")", "[": "]", "{": "}" };

/** The first thing that keeps `text` from being read: an open `{{`, bracket or quote. */
export function expressionFault(text: string): ExpressionFault | undefined {
  let at = text.indexOf("{{");
  while (at >= 0) {
    const found = readExpression(text, at);
    if ("message" in found) return found;
    at = text.indexOf("{{", found.end);
  }
  return undefined;
}

/** Reads one `{{ … }}` that begins at `start`: its end, or what is wrong with it. */
function readExpression(text: string, start: number): { end: number } | ExpressionFault {
  const open: { character: string; at: number }[] = [];
  let i = start + 2;
  while (i < text.length) {
    const character = text.charAt(i);
    if (open.length === 0 && text.startsWith("}}", i)) return { end: i + 2 };
    if (character === '"' || character === "'" || character === "`") {
      const end = endOfQuote(text, i);
      if (end === undefined) return fault(i, i + 1, `This ${character} is not closed.`);
      i = end;
      continue;
    }
    if (character in CLOSERS) open.push({ character, at: i });
    else if (character === ")" || character === "]" || character === "}") {
      const last = open.pop();
      if (!last) return fault(i, i + 1, `There is no bracket that this ${character} closes.`);
      if (CLOSERS[last.character] !== character) {
        return fault(i, i + 1, `A ${CLOSERS[last.character]} is expected here.`);
      }
    }
    i++;
  }
  const last = open.pop();
  return last
    ? fault(last.at, last.at + 1, `This ${last.character} is not closed.`)
    : fault(start, start + 2, "This {{ is not closed by }}.");
}

/** Behind the closing quote; line ends close nothing but a template. */
function endOfQuote(text: string, start: number): number | undefined {
  const quote = text.charAt(start);
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === "\\") i++;
    else if (character === quote) return i + 1;
    else if (character === "\n" && quote !== "`") return undefined;
  }
  return undefined;
}

function fault(from: number, to: number, message: string): ExpressionFault {
  return { from, to, message };
}

/** What stands before the cursor inside an expression: `getClaims.da` is base "getClaims", word "da". */
export interface Typed {
  from: number;
  word: string;
  base: string | null;
}

const BEFORE = /(?:([A-Za-z_$][\w$]*)\.)?([A-Za-z_$][\w$]*)?$/;

/**
 * The word being typed at `offset`, or undefined outside expressions, in quotes and deep inside a
 * chain (`a.b.c`), where nothing is known. `code`: the whole text is JavaScript.
 */
export function typedAt(text: string, offset: number, code = false): Typed | undefined {
  const open = code ? 0 : text.lastIndexOf("{{", offset - 1);
  if (open < 0) return undefined;
  const before = text.slice(code ? text.lastIndexOf("\n", offset - 1) + 1 : open + 2, offset);
  if (!code && before.includes("}}")) return undefined;
  if (inQuotes(before)) return undefined;
  const [whole = "", base, word = ""] = BEFORE.exec(before) ?? [];
  const ahead = before.charAt(before.length - whole.length - 1);
  if (ahead === "." || /[\w$]/.test(ahead)) return undefined;
  return { from: offset - word.length, word, base: base ?? null };
}

function inQuotes(text: string): boolean {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === "\\") i++;
    else if (quote === character) quote = "";
    else if (quote === "" && (character === '"' || character === "'")) quote = character;
  }
  return quote !== "";
}
