import { Database, Layers, type LucideIcon, Plus } from "lucide-react";
import { DataList } from "../panels/data/DataList";
import { Pages } from "../panels/Pages";
import { Palette } from "../panels/Palette";
import { Tree } from "../panels/Tree";
import type { Panel } from "../workspace/ui";
import { useUi, useWorkspace } from "../workspace/workspace";
import css from "./LeftPanel.module.css";

const TABS: readonly { panel: Panel; title: string; key: string; Icon: LucideIcon }[] = [
  { panel: "layers", title: "Layers", key: "L", Icon: Layers },
  { panel: "insert", title: "Insert", key: "I", Icon: Plus },
  { panel: "data", title: "Data", key: "Q", Icon: Database },
];

export function LeftPanel() {
  const { commands } = useWorkspace();
  const current = useUi((ui) => ui.panel);
  return (
    <aside className={css.panel} aria-label="Structure">
      <div className={css.tabs} role="tablist" aria-label="Left panel">
        {TABS.map(({ panel, title, key, Icon }) => (
          <button
            key={panel}
            type="button"
            role="tab"
            id={`tab-${panel}`}
            aria-controls="panel-left"
            aria-selected={panel === current}
            aria-keyshortcuts={key}
            onClick={() => commands.showPanel(panel)}
          >
            <Icon aria-hidden="true" /> {title}
          </button>
        ))}
      </div>
      <div className={css.body} id="panel-left" role="tabpanel" aria-labelledby={`tab-${current}`}>
        {current === "insert" ? <Palette /> : null}
        {current === "data" ? <DataList /> : null}
        {current === "layers" ? (
          <>
            <Pages />
            <Tree />
          </>
        ) : null}
      </div>
    </aside>
  );
}
