import type { Completion, CompletionContext, CompletionSource } from "@codemirror/autocomplete";
import { typedAt } from "../model/expression";
import { type Known, knownMembers, knownNames } from "../model/known";
import type { Workspace } from "../workspace/workspace";

const GLOBALS: readonly Known[] = [
  { name: "navigateTo", kind: "function", detail: "goes to a page" },
  { name: "showAlert", kind: "function", detail: "shows a message" },
  { name: "showModal", kind: "function", detail: "opens a modal" },
  { name: "closeModal", kind: "function", detail: "closes a modal" },
  { name: "storeValue", kind: "function", detail: "keeps a value" },
];

/** Offers what is there to be called: names in `{{ }}` (or anywhere in code), members behind a dot. */
export function names(
  { session, types }: Workspace,
  page: string | null | undefined,
  code: boolean,
): CompletionSource {
  return (context: CompletionContext) => {
    const typed = typedAt(context.state.doc.toString(), context.pos, code);
    if (!typed) return null;
    if (typed.word === "" && typed.base === null && !context.explicit) return null;
    const known =
      typed.base === null
        ? [...knownNames(session.mirror, types, page), ...GLOBALS]
        : knownMembers(session.mirror, types, page, typed.base);
    if (known.length === 0) return null;
    return { from: typed.from, options: known.map(option), validFor: /^[\w$]*$/ };
  };
}

function option({ name, kind, detail }: Known): Completion {
  return { label: name, detail, ...(kind === "function" ? { apply: `${name}(` } : {}) };
}
