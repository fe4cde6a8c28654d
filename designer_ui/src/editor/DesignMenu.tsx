import { Ellipsis, FileDown, History, ListChecks } from "lucide-react";
import { IconButton } from "../components/Button";
import { Menu, type MenuEntries } from "../components/Menu";
import { go } from "../navigation";
import type { Tool } from "../sync/rest";
import { useMeta, useWorkspace } from "../workspace/workspace";

const TOOLS: readonly { tool: Tool; name: string }[] = [
  { tool: "appsmith", name: "Appsmith" },
  { tool: "tooljet", name: "ToolJet" },
];

/** What is done with the design as a whole. */
export function DesignMenu() {
  const { commands, session } = useWorkspace();
  const meta = useMeta();
  const from = (meta?.importedFrom as { tool?: string } | undefined)?.tool;
  const entries: MenuEntries = [
    {
      label: "History",
      icon: <History />,
      run: () => go({ kind: "history", id: session.id }),
    },
    { label: "Check", icon: <ListChecks />, run: () => commands.check() },
    null,
    { label: "Export", icon: <FileDown />, run: () => commands.exportFile(null) },
    // Only a design that came from a tool can go back there.
    ...TOOLS.filter(({ tool }) => tool === from).map(({ tool, name }) => ({
      label: `Export for ${name}`,
      icon: <FileDown />,
      run: () => commands.exportFile(tool),
    })),
  ];
  return (
    <Menu entries={entries}>
      <IconButton label="Design menu" tip={false}>
        <Ellipsis />
      </IconButton>
    </Menu>
  );
}
