import { Watched } from "../model/watched";

export type Theme = "system" | "light" | "dark";

const KEY = "coweave.theme";

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

export const theme = new Watched<Theme>(stored());

function show(value: Theme): void {
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
}

export function isDark(value: Theme): boolean {
  return (
    value === "dark" || (value === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
  );
}

/** Turns to the other of light and dark, from whatever is shown now. */
export function turnTheme(): void {
  const next = isDark(theme.get()) ? "light" : "dark";
  theme.set(next);
  show(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A private window may have no storage; the choice then lasts for this page.
  }
}

show(theme.get());
