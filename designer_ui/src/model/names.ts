/** Names that expressions use: components, queries and scripts. */

export const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
export const MAX_IDENTIFIER = 64;
export const MAX_TITLE = 128;

/** Why `name` cannot be an identifier, or undefined when it can. */
export function identifierFault(name: string): string | undefined {
  if (name === "") return "A name is needed.";
  if (name.length > MAX_IDENTIFIER) return `At most ${MAX_IDENTIFIER} characters.`;
  if (!IDENTIFIER.test(name)) {
    return "Letters, digits, _ and $ only, and no digit first: expressions use this name.";
  }
  return undefined;
}

/** Why `name` cannot be the name of a page or design, or undefined when it can. */
export function titleFault(name: string): string | undefined {
  if (name.trim() === "") return "A name is needed.";
  if (name.length > MAX_TITLE) return `At most ${MAX_TITLE} characters.`;
  return undefined;
}

/** The first free `<base><n>`, n from 1; `base` loses what an identifier cannot hold. */
export function freeName(base: string, taken: ReadonlySet<string>): string {
  const stem =
    base
      .replace(/[^A-Za-z0-9_$]/g, "")
      .replace(/^[0-9]+/, "")
      .slice(0, 58) || "Component";
  for (let n = 1; ; n++) {
    if (!taken.has(`${stem}${n}`)) return `${stem}${n}`;
  }
}

/** A free name for a copy of `name`: its trailing number counts on. */
export function copyName(name: string, taken: ReadonlySet<string>): string {
  return taken.has(name) ? freeName(name.replace(/[0-9]+$/, ""), taken) : name;
}
