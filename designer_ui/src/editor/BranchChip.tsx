import { GitBranch, Lock } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { Tip } from "../components/Tip";
import { follow } from "../navigation";
import { type Branches, branchRest } from "../sync/reviews";
import { useWorkspace } from "../workspace/workspace";
import css from "./TopBar.module.css";

/** That this is a branch, and of what; or that main changes by merges only. */
export function BranchChip() {
  const { session } = useWorkspace();
  const [known, setKnown] = useState<Branches | null>(null);
  const load = useCallback(() => {
    // It says where one is; that the line is down is said elsewhere.
    branchRest.list(session.id).then(setKnown, () => {});
  }, [session]);
  useEffect(() => {
    load();
    return session.onNews((kind) => {
      if (kind !== "comments") load();
    });
  }, [load, session]);
  if (!known) return null;
  const { root, branches } = known;
  if (root.id === session.id) {
    if (!root.protected) return null;
    return (
      <Tip text="Main changes by merges only: make a branch to change it">
        <a className={css.chip} {...follow({ kind: "history", id: root.id })}>
          <Lock aria-hidden="true" /> Protected
        </a>
      </Tip>
    );
  }
  const own = branches.find((each) => each.id === session.id);
  return (
    <Tip text={`A branch of ${root.name}: compare and merge it`}>
      <a className={css.chip} {...follow({ kind: "history", id: root.id })}>
        <GitBranch aria-hidden="true" /> {own?.name ?? "Branch"}
      </a>
    </Tip>
  );
}
