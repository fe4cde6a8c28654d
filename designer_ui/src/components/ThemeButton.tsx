import { Moon, Sun } from "lucide-react";
import { useSyncExternalStore } from "react";
import { IconButton } from "./Button";
import { isDark, theme, turnTheme } from "./theme";

export function ThemeButton() {
  const dark = isDark(useSyncExternalStore(theme.subscribe, theme.get));
  return (
    <IconButton label={dark ? "Light theme" : "Dark theme"} onClick={turnTheme}>
      {dark ? <Sun /> : <Moon />}
    </IconButton>
  );
}
