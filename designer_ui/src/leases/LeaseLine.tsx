import { Lock, LockOpen } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "../components/Button";
import type { Element } from "../model/document";
import { type Lease, timeLeft } from "../model/leases";
import { useWorkspace } from "../workspace/workspace";
import css from "./Lease.module.css";
import { useLease } from "./useLease";

const TICK_MS = 20_000;

/** Who holds what is open in a form, and what can be done about it. */
export function LeaseLine({ element, container }: { element: Element; container?: boolean }) {
  const { commands, ui } = useWorkspace();
  const { leasing } = commands;
  const { lease, mine, closed, known } = useLease(element);
  const now = useNow(lease);
  const open = (kind: "take-over" | "ask") => ui.setState({ leaseDialog: { kind, element } });

  if (!lease) {
    if (!known) return <Unknown />;
    return (
      <div className={css.line}>
        <Button
          look="plain"
          className={css.small ?? ""}
          icon={<LockOpen aria-hidden="true" />}
          aria-keyshortcuts="Shift+L"
          onClick={() => leasing.take([element])}
        >
          Lock
        </Button>
        {container ? (
          <Button
            look="plain"
            className={css.small ?? ""}
            onClick={() => leasing.take([element], true)}
          >
            Lock with contents
          </Button>
        ) : null}
      </div>
    );
  }
  const elsewhere = lease.element === element ? "" : ` with ${leasing.name(lease.element)}`;
  const who = lease.holder.name || "Somebody else";
  return (
    <div className={css.line} data-state={mine ? "mine" : closed ? "closed" : "soft"}>
      <p role="note" aria-label="Lock">
        <Lock aria-hidden="true" />
        <span>
          {mine ? `${mark(lease)} you${elsewhere}` : `${who} ${verb(lease)} this${elsewhere}`}
          {", "}
          {timeLeft(lease, now)}
          {lease.contents && lease.element === element ? ", with contents" : ""}.
          {lease.reason ? <q>{lease.reason}</q> : null}
          {known ? null : " Unknown whether this is still so."}
        </span>
      </p>
      {mine ? (
        <Button
          className={css.small ?? ""}
          aria-keyshortcuts="Shift+L"
          onClick={() => leasing.release([lease.element])}
        >
          Release{elsewhere ? ` ${leasing.name(lease.element)}` : ""}
        </Button>
      ) : (
        <>
          <Button className={css.small ?? ""} onClick={() => open("ask")}>
            Ask {who}
          </Button>
          <Button look="plain" className={css.small ?? ""} onClick={() => open("take-over")}>
            Take over…
          </Button>
        </>
      )}
    </div>
  );
}

function Unknown() {
  return (
    <div className={css.line} data-state="unknown">
      <p role="note" aria-label="Lock">
        <span>Locks: unknown</span>
      </p>
    </div>
  );
}

function mark({ kind }: Lease): string {
  return kind === "hard" ? "Locked for" : "Marked as edited by";
}

function verb({ kind }: Lease): string {
  return kind === "hard" ? "has locked" : "is editing";
}

/** The database's time, now and then. */
function useNow(lease: Lease | undefined): number {
  const { leases } = useWorkspace();
  const [now, setNow] = useState(() => leases.now());
  useEffect(() => {
    setNow(leases.now());
    if (!lease) return;
    const timer = setInterval(() => setNow(leases.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [leases, lease]);
  return now;
}
