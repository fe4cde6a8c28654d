import { Layers, Plus } from "lucide-react";
import { Pages } from "../panels/Pages";
import { Palette } from "../panels/Palette";
import { Tree } from "../panels/Tree";
import { useUi, useWorkspace } from "../workspace/workspace";
import css from "./LeftPanel.module.css";

export function LeftPanel() {
  const { commands } = useWorkspace();
  const panel = useUi((ui) => ui.panel);
  return (
    <aside className={css.panel} aria-label="Structure">
      <div className={css.tabs} role="tablist" aria-label="Left panel">
        <button
          type="button"
          role="tab"
          id="tab-layers"
          aria-controls="panel-left"
          aria-selected={panel === "layers"}
          aria-keyshortcuts="L"
          onClick={() => commands.showPanel("layers")}
        >
          <Layers aria-hidden="true" /> Layers
        </button>
        <button
          type="button"
          role="tab"
          id="tab-insert"
          aria-controls="panel-left"
          aria-selected={panel === "insert"}
          aria-keyshortcuts="I"
          onClick={() => commands.showPanel("insert")}
        >
          <Plus aria-hidden="true" /> Insert
        </button>
      </div>
      <div className={css.body} id="panel-left" role="tabpanel" aria-labelledby={`tab-${panel}`}>
        {panel === "insert" ? (
          <Palette />
        ) : (
          <>
            <Pages />
            <Tree />
          </>
        )}
      </div>
    </aside>
  );
}
