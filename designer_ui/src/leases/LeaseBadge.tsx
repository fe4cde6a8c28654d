import { Lock, PencilLine } from "lucide-react";
import { useWatched, useWorkspace } from "../workspace/workspace";
import css from "./Lease.module.css";

/** In the list of layers: who holds this very component. */
export function LeaseBadge({ id }: { id: string }) {
  const { commands, leases } = useWorkspace();
  const { known, leases: all } = useWatched(leases.state);
  const lease = all.find((each) => each.element === `components/${id}`);
  if (!lease) return null;
  const mine = commands.leasing.isMine(lease);
  const who = mine ? "you" : lease.holder.name || "somebody else";
  const does = lease.kind === "hard" ? "Locked by" : "Being edited by";
  const told = `${does} ${who}${lease.contents ? ", with contents" : ""}${known ? "" : " (unknown whether still)"}`;
  return (
    <span className={css.badge} data-mine={mine} data-known={known} title={told}>
      {lease.kind === "hard" ? <Lock aria-hidden="true" /> : <PencilLine aria-hidden="true" />}
      <span>{mine ? "You" : lease.holder.name}</span>
    </span>
  );
}
