import { type ReactNode, useEffect, useState } from "react";
import { Canvas } from "../canvas/Canvas";
import { Button } from "../components/Button";
import { Mark } from "../components/Mark";
import { PropertyChecker } from "../model/schema";
import { TypeCatalog } from "../model/types";
import { follow } from "../navigation";
import { DataPane } from "../panels/data/DataPane";
import { PropertyPanel } from "../panels/properties/PropertyPanel";
import { DesignPresence } from "../sync/presence";
import { type RestError, rest, type SessionInfo, type Snapshot } from "../sync/rest";
import { DesignSession } from "../sync/session";
import { connect } from "../sync/socket";
import { Commands } from "../workspace/commands";
import { listenToKeys } from "../workspace/shortcuts";
import { createUi } from "../workspace/ui";
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
    const opening = open(id, info, setWorkspace, setFault);
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

function open(
  id: string,
  info: SessionInfo,
  onOpen: (workspace: Workspace) => void,
  onFault: (fault: RestError) => void,
): { close(): void } {
  let closed = false;
  let stop = () => {};
  // The snapshot comes by HTTP, compressed, while the socket is still being opened.
  const link = connect();
  Promise.all([rest.types(), rest.snapshot(id)])
    .then(([types, snapshot]) => {
      if (!closed) stop = start(types, snapshot);
    })
    .catch((error: unknown) => {
      if (!closed) onFault(error as RestError);
    });

  function start(types: Awaited<ReturnType<typeof rest.types>>, snapshot: Snapshot): () => void {
    const session = new DesignSession(link.connection, id);
    const presence = new DesignPresence(link.connection, id, info.user);
    const workspace = {
      session,
      presence,
      types: new TypeCatalog(types),
      checker: new PropertyChecker(types.shared),
      ui: createUi(),
      me: info.user,
    } as Workspace;
    workspace.commands = new Commands(workspace);
    session.open(snapshot);
    const stopTelling = tellWhereWeAre(workspace);
    const stopKeys = listenToKeys(workspace.commands);
    const stopWarning = warnBeforeLeaving(session);
    onOpen(workspace);
    return () => {
      stopTelling();
      stopKeys();
      stopWarning();
      presence.close();
      session.close();
    };
  }
  return {
    close() {
      closed = true;
      stop();
      link.close();
    },
  };
}

/** Keeps presence and selection true to what is there. */
function tellWhereWeAre({ ui, session, presence, commands }: Workspace): () => void {
  const tell = () =>
    presence.update({ page: commands.page() ?? null, selection: commands.selection() });
  const prune = () => {
    const { selection } = ui.getState();
    const there = commands.selection();
    if (there.length < selection.length) ui.setState({ selection: there });
    tell();
  };
  tell();
  const stops = [ui.subscribe(tell), session.mirror.subscribe("outline", prune)];
  return () => {
    for (const stop of stops) stop();
  };
}

function warnBeforeLeaving(session: DesignSession): () => void {
  const onLeave = (event: BeforeUnloadEvent) => {
    if (session.status.get().waiting > 0) event.preventDefault();
  };
  addEventListener("beforeunload", onLeave);
  return () => removeEventListener("beforeunload", onLeave);
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
        <Trail />
      </main>
      <PropertyPanel />
      <Notices />
      <Sheets />
      <Said />
    </div>
  );
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
