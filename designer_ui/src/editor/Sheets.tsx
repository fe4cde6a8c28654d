import { LeaseDialog } from "../leases/LeaseDialog";
import { useUi, useWorkspace } from "../workspace/workspace";
import { Finder } from "./Finder";
import { KeySheet } from "./KeySheet";

/** What lies over everything else for a moment. */
export function Sheets() {
  const { commands, ui: store } = useWorkspace();
  const sheet = useUi((ui) => ui.sheet);
  const ask = useUi((ui) => ui.leaseDialog);
  const close = () => commands.showSheet(null);
  if (ask) return <LeaseDialog ask={ask} onClose={() => store.setState({ leaseDialog: null })} />;
  if (sheet === "find") return <Finder onClose={close} />;
  if (sheet === "keys") return <KeySheet onClose={close} />;
  return null;
}
