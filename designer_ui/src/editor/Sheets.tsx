import { useUi, useWorkspace } from "../workspace/workspace";
import { Finder } from "./Finder";
import { KeySheet } from "./KeySheet";

/** What lies over everything else for a moment. */
export function Sheets() {
  const { commands } = useWorkspace();
  const sheet = useUi((ui) => ui.sheet);
  const close = () => commands.showSheet(null);
  if (sheet === "find") return <Finder onClose={close} />;
  if (sheet === "keys") return <KeySheet onClose={close} />;
  return null;
}
