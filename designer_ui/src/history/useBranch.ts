import { useCallback } from "react";
import type { TypesAnswer } from "../model/types";
import { rest, type User } from "../sync/rest";
import { type BranchComparison, branchRest } from "../sync/reviews";
import { stillWorkspace } from "./still";
import type { Comparison } from "./useComparison";
import { type Loaded, useLoaded } from "./useLoaded";

export interface BranchSeen {
  compared: BranchComparison;
  comparison: Comparison;
}

/** What a branch changed since it left main, with both states to look at. */
export function useBranch(
  root: string,
  branch: string,
  types: TypesAnswer,
  me: User,
): Loaded<BranchSeen> {
  const load = useCallback(async (): Promise<BranchSeen> => {
    const compared = await branchRest.compare(root, branch);
    const { base, branch: now } = compared;
    const [before, after] = await Promise.all([
      rest.snapshot(base.design, base.version),
      rest.snapshot(branch, now.version),
    ]);
    return {
      compared,
      comparison: {
        design: branch,
        names: [`Main, version ${base.version}`, `Branch, version ${now.version}`],
        from: base.version,
        to: now.version,
        diff: { summary: "", changes: compared.changes },
        before: stillWorkspace(base.design, before, types, me),
        after: stillWorkspace(branch, after, types, me),
      },
    };
  }, [root, branch, types, me]);
  return useLoaded(load);
}
