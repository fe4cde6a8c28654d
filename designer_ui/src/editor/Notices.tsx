import { CircleAlert, Info, TriangleAlert, X } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "../components/Button";
import { isData } from "../model/data";
import type { Json } from "../model/document";
import type { Notice } from "../sync/session";
import { toClipboard } from "../workspace/menu";
import { useWatched, useWorkspace } from "../workspace/workspace";
import css from "./Notices.module.css";

const SHOWN = 3;
const KEPT = 100;
const INFO_STAYS_MS = 7_000;
const ERROR_STAYS_MS = 15_000;
const ICONS = { info: Info, warning: TriangleAlert, error: CircleAlert };

/** What the server or an edit has to say, until it is old; about lost work until it is dismissed. */
export function Notices() {
  const { session } = useWorkspace();
  const latest = useWatched(session.notice);
  const [notices, setNotices] = useState<readonly Notice[]>([]);

  useEffect(() => {
    if (latest)
      setNotices((before) =>
        [...before.filter((each) => each.id !== latest.id), latest].slice(-KEPT),
      );
  }, [latest]);

  const dismiss = (id: number) => setNotices((before) => before.filter((each) => each.id !== id));
  return (
    <section className={css.notices} aria-label="Notices">
      <ol aria-label="Notices">
        {notices.length > SHOWN ? (
          <li className={css.more}>and {notices.length - SHOWN} before</li>
        ) : null}
        {notices.slice(-SHOWN).map((notice) => (
          <Toast key={notice.id} notice={notice} onDone={() => dismiss(notice.id)} />
        ))}
      </ol>
    </section>
  );
}

function Toast({ notice, onDone }: { notice: Notice; onDone(): void }) {
  const { commands, session } = useWorkspace();
  const { kind, message, element, mine, back, act } = notice;
  const [held, setHeld] = useState(false);
  const isLoss = mine !== undefined;
  const Icon = ICONS[kind];
  const id = element?.startsWith("components/") ? element.slice("components/".length) : undefined;
  const there = id !== undefined && session.mirror.get("components", id) !== undefined;

  useEffect(() => {
    if (held || isLoss) return;
    const timer = setTimeout(onDone, kind === "error" || back ? ERROR_STAYS_MS : INFO_STAYS_MS);
    return () => clearTimeout(timer);
  }, [held, isLoss, kind, back, onDone]);

  return (
    <li
      className={css.toast}
      data-kind={kind}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
    >
      <Icon aria-hidden="true" />
      <p role="alert">{message}</p>
      {act ? (
        <button
          type="button"
          className={css.show}
          onClick={() => {
            act.run();
            onDone();
          }}
        >
          {act.label}
        </button>
      ) : null}
      {back ? (
        <button
          type="button"
          className={css.show}
          onClick={() => {
            commands.bringBack(back.removed, back.written);
            onDone();
          }}
        >
          Bring back
        </button>
      ) : null}
      {mine?.gone ? (
        <button type="button" className={css.show} onClick={() => toClipboard(textual(mine.value))}>
          Copy mine
        </button>
      ) : null}
      {element !== null && mine && !mine.gone ? (
        <button
          type="button"
          className={css.show}
          onClick={() => {
            commands.set(element, mine.path, mine.value, "Put back");
            onDone();
          }}
        >
          Put mine back
        </button>
      ) : null}
      {there ? (
        <button type="button" className={css.show} onClick={() => commands.select([id])}>
          Show
        </button>
      ) : null}
      {element !== null && isData(element) && session.mirror.at(element.split("/")) ? (
        <button type="button" className={css.show} onClick={() => commands.open(element)}>
          Show
        </button>
      ) : null}
      <IconButton label="Dismiss" size="s" tip={false} onClick={onDone}>
        <X />
      </IconButton>
    </li>
  );
}

function textual(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
