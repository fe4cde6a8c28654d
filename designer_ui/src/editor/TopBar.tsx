import {
  ChevronLeft,
  Eye,
  EyeOff,
  History,
  Keyboard,
  MessageSquare,
  Redo2,
  Search,
  Undo2,
} from "lucide-react";
import { type CSSProperties, useEffect, useState, useSyncExternalStore } from "react";
import { Avatar } from "../components/Avatar";
import { IconButton } from "../components/Button";
import { Mark } from "../components/Mark";
import { ThemeButton } from "../components/ThemeButton";
import { Tip } from "../components/Tip";
import { titleFault } from "../model/names";
import { follow } from "../navigation";
import { ShareButton } from "../people/ShareButton";
import { rest } from "../sync/rest";
import { notKept } from "../workspace/field";
import { useMeta, usePeople, useUi, useWatched, useWorkspace } from "../workspace/workspace";
import { BranchChip } from "./BranchChip";
import { DesignMenu } from "./DesignMenu";
import css from "./TopBar.module.css";

const SHOWN_PEOPLE = 5;

export function TopBar() {
  const { commands, session } = useWorkspace();
  const { history: edits } = session;
  const can = useSyncExternalStore(edits.subscribe, () => edits.labels());
  return (
    <header className={css.bar}>
      <div className={css.left}>
        <Tip text="All designs">
          <a className={css.home} {...follow({ kind: "designs", trash: false })}>
            <ChevronLeft aria-hidden="true" />
            <Mark size={20} />
            <span className="hidden-visually">All designs</span>
          </a>
        </Tip>
        <DesignName />
        <DesignMenu />
        <BranchChip />
        <StatusLine />
      </div>
      <div className={css.middle}>
        <IconButton
          label="Undo"
          hint={can.undo === null ? "Undo" : `Undo: ${can.undo}`}
          keys="Ctrl+Z"
          disabled={can.undo === null}
          onClick={() => commands.undo()}
        >
          <Undo2 />
        </IconButton>
        <IconButton
          label="Redo"
          hint={can.redo === null ? "Redo" : `Redo: ${can.redo}`}
          keys="Ctrl+Shift+Z"
          disabled={can.redo === null}
          onClick={() => commands.redo()}
        >
          <Redo2 />
        </IconButton>
      </div>
      <div className={css.right}>
        <People />
        <ShareButton />
        <CommentsButton />
        <Tip text="History">
          <a className={css.history} {...follow({ kind: "history", id: session.id })}>
            <History aria-hidden="true" />
            <span className="hidden-visually">History</span>
          </a>
        </Tip>
        <IconButton label="Find anything" keys="Ctrl+K" onClick={() => commands.showSheet("find")}>
          <Search />
        </IconButton>
        <IconButton label="Keyboard shortcuts" keys="?" onClick={() => commands.showSheet("keys")}>
          <Keyboard />
        </IconButton>
        <ThemeButton />
      </div>
    </header>
  );
}

function CommentsButton() {
  const { commands, comments } = useWorkspace();
  const commenting = useUi((ui) => ui.commenting);
  const list = useWatched(comments.list);
  const open = list.filter((each) => each.thread === null && each.resolvedAt === null).length;
  return (
    <IconButton
      label="Comments"
      hint={open === 0 ? "Comments" : `Comments, ${open} open`}
      keys="C"
      aria-pressed={commenting}
      className={css.comments ?? ""}
      // Drawn by the style sheet: the tip says it in words.
      data-count={open === 0 ? undefined : open}
      onClick={() => commands.showComments(!commenting)}
    >
      <MessageSquare />
    </IconButton>
  );
}

function DesignName() {
  const { session } = useWorkspace();
  const name = useMeta()?.name ?? "";
  const [draft, setDraft] = useState<string | null>(null);
  const fault = draft === null ? undefined : titleFault(draft);

  useEffect(() => {
    document.title = `${name} – Coweave`;
  }, [name]);

  const finish = () => {
    const next = draft?.trim();
    setDraft(null);
    if (next === undefined || next === "" || next === name) return;
    if (fault !== undefined) {
      session.tell("warning", notKept("Design name", next, fault));
      return;
    }
    // A command of the server: the list of designs and the document change together.
    rest.rename(session.id, next).catch((error: Error) => session.tell("error", error.message));
  };
  return (
    <input
      className={css.title}
      aria-label="Design name"
      aria-invalid={fault !== undefined}
      title={fault}
      data-draft={draft === null ? undefined : "open"}
      size={Math.max(8, Math.min(36, (draft ?? name).length))}
      value={draft ?? name}
      spellCheck={false}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") {
          event.stopPropagation();
          setDraft(null);
        }
      }}
    />
  );
}

/** Whether edits reach the server: "Live", "Saving 3", "Offline, 3 edits waiting". */
function StatusLine() {
  const { session } = useWorkspace();
  const { line, waiting } = useWatched(session.status);
  const count = `${waiting} ${waiting === 1 ? "edit" : "edits"}`;
  const slow = useSlow(line === "live" && waiting > 0);
  let state = "live";
  let text = "Live";
  let hint = "Every edit is saved as it is made.";
  if (line === "offline") {
    state = "offline";
    text = waiting > 0 ? `Offline, ${count} waiting` : "Offline";
    hint = session.outlivesTab
      ? "Edits are kept in this browser and sent when the server is back."
      : "Edits are kept in this tab and sent when the server is back. Keep the tab open.";
  } else if (line === "connecting") {
    state = "connecting";
    text = "Connecting";
    hint = "The server has not answered yet.";
  } else if (slow) {
    state = "saving";
    text = `Saving ${waiting}`;
    hint = `${count} on the way to the server.`;
  }
  return (
    <span role="status" className={css.status} data-state={state} title={hint}>
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

/** Most edits are acked within a few milliseconds: a word that flickers tells nobody anything. */
function useSlow(busy: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!busy) {
      setSlow(false);
      return;
    }
    const timer = setTimeout(() => setSlow(true), 150);
    return () => clearTimeout(timer);
  }, [busy]);
  return slow;
}

function People() {
  const { commands, me, presence, ui } = useWorkspace();
  const people = usePeople();
  const showPeople = useUi((state) => state.showPeople);
  const more = people.length - SHOWN_PEOPLE;
  return (
    <>
      {people.length > 0 ? (
        <IconButton
          label={showPeople ? "Hide others' selections" : "Show others' selections"}
          aria-pressed={!showPeople}
          onClick={() => ui.setState({ showPeople: !showPeople })}
        >
          {showPeople ? <Eye /> : <EyeOff />}
        </IconButton>
      ) : null}
      <ul className={css.people} aria-label="People here">
        {people.slice(0, SHOWN_PEOPLE).map((person) => (
          <li key={person.id}>
            <Tip
              text={
                person.selection.length > 0
                  ? `${person.user.name}: show what they selected`
                  : person.user.name
              }
            >
              <button
                type="button"
                className={css.avatar}
                aria-label={person.user.name}
                style={{ "--person": person.color } as CSSProperties}
                onClick={() => {
                  if (person.selection.length > 0) commands.select(person.selection);
                  else if (person.page !== null) commands.showPage(person.page);
                }}
              >
                <Avatar name={person.user.name} color={person.color} />
              </button>
            </Tip>
          </li>
        ))}
        {more > 0 ? <li className={css.more}>+{more}</li> : null}
        <li>
          <Tip text={`${me.name} (you)`}>
            <span className={css.me} role="img" aria-label={`${me.name} (you)`}>
              <Avatar name={me.name} color={presence.color} />
            </span>
          </Tip>
        </li>
      </ul>
    </>
  );
}
