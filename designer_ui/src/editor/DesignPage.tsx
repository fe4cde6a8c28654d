import { type ReactNode, useEffect, useState } from "react";
import { Canvas } from "../canvas/Canvas";
import { Button } from "../components/Button";
import { Mark } from "../components/Mark";
import { follow } from "../navigation";
import { CheckPane } from "../panels/check/CheckPane";
import { CommentsPanel } from "../panels/comments/CommentsPanel";
import { DataPane } from "../panels/data/DataPane";
import { PropertyPanel } from "../panels/properties/PropertyPanel";
import type { RestError, SessionInfo } from "../sync/rest";
import { openDesign } from "../workspace/opening";
import {
  useCurrentPage,
  useUi,
  useWatched,
  type Workspace,
  WorkspaceProvider,
} from "../workspace/workspace";
import css from "./DesignPage.module.css";
import { LeftPanel } from "./LeftPanel";
import { Notices } from "./Notices";
import { Sheets } from "./Sheets";
import { TopBar } from "./TopBar";
import { Trail } from "./Trail";

/** One open design, from its loading to its closing. */
export function DesignPage({ id, info }: { id: string; info: SessionInfo }) {
  const [workspace, setWorkspace] = useState<Workspace | null>(null);
  const [fault, setFault] = useState<RestError | null>(null);

  useEffect(() => {
    const opening = openDesign(id, info, setWorkspace, setFault);
    return () => {
      opening.close();
      setWorkspace(null);
      setFault(null);
    };
  }, [id, info]);

  if (fault) return <Closed missing={fault.status === 404} message={fault.message} />;
  if (!workspace) return <Message>Opening…</Message>;
  return (
    <WorkspaceProvider value={workspace}>
      <Editor workspace={workspace} />
    </WorkspaceProvider>
  );
}

function Editor({ workspace }: { workspace: Workspace }) {
  const phase = useWatched(workspace.session.phase);
  if (phase === "missing") return <Closed missing message="" />;
  if (phase === "failed") {
    return <Closed missing={false} message={workspace.session.notice.get()?.message ?? ""} />;
  }
  if (phase === "loading") return <Message>Opening…</Message>;
  return (
    <div className={css.editor}>
      <TopBar />
      <LeftPanel />
      <main className={css.main}>
        <PageTitle />
        <Canvas />
        <DataPane />
        <CheckPane />
        <Trail />
      </main>
      <RightPanel />
      <Notices />
      <Sheets />
      <Said />
    </div>
  );
}

function RightPanel() {
  return useUi((ui) => ui.commenting) ? <CommentsPanel /> : <PropertyPanel />;
}

function PageTitle() {
  const page = useCurrentPage();
  return (
    <h1 className="hidden-visually">{page === undefined ? "This design has no page" : "Design"}</h1>
  );
}

/** The live region: what commands did, for people who cannot see it. */
function Said() {
  const said = useUi((ui) => ui.said);
  return (
    <div className="hidden-visually" aria-live="polite">
      {said}
    </div>
  );
}

function Message({ children }: { children: ReactNode }) {
  return <div className={css.message}>{children}</div>;
}

function Closed({ missing, message }: { missing: boolean; message: string }) {
  return (
    <Message>
      <Mark size={28} />
      <h1>{missing ? "There is no such design" : "The design could not be opened"}</h1>
      <p>{missing ? "It may have been moved to the trash." : message}</p>
      <div className={css.actions}>
        {missing ? null : (
          <Button look="primary" onClick={() => location.reload()}>
            Try again
          </Button>
        )}
        <a {...follow({ kind: "designs", trash: false })}>All designs</a>
      </div>
    </Message>
  );
}
