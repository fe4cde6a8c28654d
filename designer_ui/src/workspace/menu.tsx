import {
  ArrowDown,
  ArrowUp,
  ClipboardPaste,
  Copy,
  CopyPlus,
  Lock,
  LockKeyhole,
  PencilLine,
  Scissors,
  Trash2,
} from "lucide-react";
import type { MenuEntries } from "../components/Menu";
import type { Element } from "../model/document";
import type { Commands } from "./commands";

/** Writes to the system clipboard where the browser lets us; the tab's own copy works in any case. */
export function toClipboard(text: string | undefined): void {
  if (text !== undefined) navigator.clipboard?.writeText(text).catch(() => {});
}

/** What can be done with the selected components. */
export function componentMenu(commands: Commands): MenuEntries {
  return [
    { label: "Cut", keys: "Ctrl+X", icon: <Scissors />, run: () => toClipboard(commands.cut()) },
    { label: "Copy", keys: "Ctrl+C", icon: <Copy />, run: () => toClipboard(commands.copy()) },
    { label: "Paste", keys: "Ctrl+V", icon: <ClipboardPaste />, run: () => commands.paste(null) },
    { label: "Duplicate", keys: "Ctrl+D", icon: <CopyPlus />, run: () => commands.duplicate() },
    null,
    { label: "Move up", keys: "Alt+↑", icon: <ArrowUp />, run: () => commands.nudge("up") },
    { label: "Move down", keys: "Alt+↓", icon: <ArrowDown />, run: () => commands.nudge("down") },
    null,
    {
      label: "Lock or release",
      keys: "Shift+L",
      icon: <Lock />,
      run: () => commands.leasing.toggle(commands.selection()),
    },
    {
      label: "Lock with contents",
      icon: <LockKeyhole />,
      run: () =>
        commands.leasing.take(
          commands.selection().map((id) => `components/${id}`),
          true,
        ),
    },
    {
      label: "Mark as being edited",
      icon: <PencilLine />,
      run: () =>
        commands.leasing.mark(commands.selection().map((id): Element => `components/${id}`)),
    },
    null,
    {
      label: "Delete",
      keys: "Del",
      icon: <Trash2 />,
      danger: true,
      run: () => commands.remove(),
    },
  ];
}
