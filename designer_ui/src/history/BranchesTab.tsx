import { GitBranch, GitMerge, MessageSquareDiff, Plus, RefreshCw, Settings2 } from "lucide-react";
import { useCallback, useState } from "react";
import { Button } from "../components/Button";
import { NameDialog } from "../components/NameDialog";
import { titleFault } from "../model/names";
import { follow } from "../navigation";
import { type Branch, branchRest, type Resolution } from "../sync/reviews";
import { CompareBody } from "./CompareBody";
import { type Choices, Conflicts, resolved } from "./Conflicts";
import { GateList } from "./GateList";
import css from "./History.module.css";
import { Pick } from "./Pick";
import { ReviewDialog } from "./ReviewDialog";
import { RulesDialog } from "./RulesDialog";
import { when } from "./Timeline";
import { useBranch } from "./useBranch";
import { useLoaded } from "./useLoaded";
import type { TabProps } from "./VersionsTab";

/** Open branches: what each changed, and its way back into main. */
export function BranchesTab(props: TabProps) {
  const { id, onSay } = props;
  const load = useCallback(() => branchRest.list(id), [id]);
  const { value, fault, reload } = useLoaded(load);
  const [picked, setPicked] = useState<string | null>(null);
  const [asking, setAsking] = useState<"new" | "rules" | null>(null);
  const branches = value?.branches ?? [];
  const branch = branches.find((each) => each.id === picked) ?? branches[0];
  const done = async (said: string) => {
    onSay(said);
    await reload();
  };
  return (
    <>
      <aside className={css.side} aria-label="Branches">
        <div className={css.sideTools}>
          <Button icon={<Plus />} onClick={() => setAsking("new")}>
            New branch…
          </Button>
          <Button icon={<Settings2 />} onClick={() => setAsking("rules")}>
            Rules…
          </Button>
        </div>
        <Pick
          label="Branches"
          items={branches}
          keyOf={(each) => each.id}
          picked={branch ?? null}
          onPick={(each) => setPicked(each.id)}
          none="There is no open branch. A branch is a copy to try things on, merged when it is right."
        >
          {(each) => (
            <>
              <GitBranch aria-hidden="true" />
              <div>
                <p>{each.name}</p>
                <small>
                  {each.createdBy?.name} · {when(each.updatedAt)}
                  {each.behind > 0 ? ` · ${each.behind} behind` : ""}
                </small>
              </div>
            </>
          )}
        </Pick>
      </aside>
      <main className={css.main}>
        {fault === null ? null : <p role="alert">{fault}</p>}
        {branch && value ? (
          <BranchView
            key={branch.id}
            {...props}
            branch={branch}
            root={value.root.id}
            onDone={done}
          />
        ) : null}
      </main>
      {asking === "new" ? (
        <NameDialog
          title="New branch"
          label="Name"
          action="Create"
          fault={titleFault}
          onSubmit={async (name) => {
            const made = await branchRest.create(id, name);
            setPicked(made.id);
            await done(`Branch ${name} created`);
          }}
          onClose={() => setAsking(null)}
        />
      ) : null}
      {asking === "rules" ? (
        <RulesDialog id={id} onDone={done} onClose={() => setAsking(null)} />
      ) : null}
    </>
  );
}

interface BranchViewProps extends TabProps {
  root: string;
  branch: Branch;
  onDone(said: string): Promise<void>;
}

function BranchView({ root, branch, types, me, onDone }: BranchViewProps) {
  const { value, fault, reload } = useBranch(root, branch.id, types, me);
  const [choices, setChoices] = useState<Choices>(new Map());
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const compared = value?.compared;
  const resolutions = compared ? resolved(compared.conflicts, choices) : null;
  const nameOf = (element: string) => {
    const mirror = value?.comparison.after.session.mirror;
    const name = mirror?.at([...element.split("/"), "name"]);
    return typeof name === "string" ? name : element;
  };
  const run = async (
    act: (resolutions: Resolution[]) => Promise<{ version: number }>,
    said: string,
  ) => {
    if (!resolutions) return;
    setBusy(true);
    setRefused(null);
    try {
      const { version } = await act(resolutions);
      setChoices(new Map());
      await onDone(`${said}, as version ${version}`);
    } catch (error) {
      setRefused((error as Error).message);
    } finally {
      setBusy(false);
      // Somebody may have gone on meanwhile: what is shown is what was refused.
      await reload();
    }
  };
  return (
    <>
      <div className={css.head}>
        <div className={css.title}>
          <h2>{branch.name}</h2>
          <p>
            By {branch.createdBy?.name}, changed {when(branch.updatedAt)} · version {branch.version}
            {branch.behind > 0 ? ` · main has ${branch.behind} newer` : ""}
          </p>
        </div>
        <div className={css.actions}>
          <a className={css.button} {...follow({ kind: "design", id: branch.id })}>
            Open
          </a>
          <Button
            icon={<RefreshCw />}
            disabled={busy || branch.behind === 0 || !resolutions}
            onClick={() =>
              run((all) => branchRest.update(root, branch.id, all), "Updated from main")
            }
          >
            Update
          </Button>
          <Button icon={<MessageSquareDiff />} onClick={() => setAsking(true)}>
            Ask for review…
          </Button>
          <Button
            look="primary"
            icon={<GitMerge />}
            disabled={
              busy || !compared?.changes.length || !resolutions || !mergeable(compared.gate.reasons)
            }
            onClick={() =>
              compared &&
              run(
                (all) => branchRest.merge(root, branch.id, all, compared.branch),
                "Merged into main",
              )
            }
          >
            Merge
          </Button>
        </div>
      </div>
      {(fault ?? refused) === null ? null : <p role="alert">{fault ?? refused}</p>}
      {compared ? (
        <div className={css.before}>
          <GateList gate={compared.gate} />
          <Conflicts
            conflicts={compared.conflicts}
            choices={choices}
            nameOf={nameOf}
            onChoose={(key, take) => setChoices((now) => new Map(now).set(key, take))}
          />
        </div>
      ) : null}
      <CompareBody comparison={value?.comparison ?? null} />
      {asking ? (
        <ReviewDialog
          id={root}
          subject={{ branch: branch.id }}
          title={branch.name}
          onDone={onDone}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}

/** Conflicts are answered here; everything else has to be there first. */
function mergeable(reasons: readonly { rule: string }[]): boolean {
  return reasons.every(({ rule }) => rule === "conflicts");
}
