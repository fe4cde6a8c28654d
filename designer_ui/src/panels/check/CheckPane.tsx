import { CircleAlert, Info, ListChecks, RotateCw, TriangleAlert, X } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { IconButton } from "../../components/Button";
import { isData } from "../../model/data";
import { elementPath } from "../../model/document";
import { type Finding, rest } from "../../sync/rest";
import { CHECK } from "../../workspace/ui";
import { useUi, useWatched, useWorkspace } from "../../workspace/workspace";
import pane from "../data/DataPane.module.css";
import css from "./CheckPane.module.css";

const ICONS = { error: CircleAlert, warning: TriangleAlert, note: Info };
const RANK = { error: 0, warning: 1, note: 2 };

/** What is wrong with the design as it is on the server; a click leads to the place. */
export function CheckPane() {
  return useUi((ui) => ui.open) === CHECK ? <Checked /> : null;
}

function Checked() {
  const { commands, session } = useWorkspace();
  const [findings, setFindings] = useState<readonly Finding[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const { waiting } = useWatched(session.status);

  const look = useCallback(() => {
    setFault(null);
    rest.check(session.id).then(
      (found) => {
        setFindings([...found].sort((a, b) => RANK[a.level] - RANK[b.level]));
        commands.say(counted(found));
      },
      (error: Error) => setFault(error.message),
    );
  }, [session, commands]);
  useEffect(look, [look]);

  return (
    <section className={pane.pane} aria-label="Check">
      <header className={pane.head}>
        <ListChecks aria-hidden="true" />
        <h2>Check</h2>
        <span className={pane.kind}>{findings === null ? "Checking…" : counted(findings)}</span>
        <IconButton label="Check again" size="s" disabled={waiting > 0} onClick={look}>
          <RotateCw />
        </IconButton>
        <IconButton label="Close" size="s" onClick={() => commands.open(null)}>
          <X />
        </IconButton>
      </header>
      <div className={css.body}>
        {fault === null ? null : <p role="alert">{fault}</p>}
        <ul aria-label="Findings">
          {findings?.map((finding, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a finding is nothing but its place in the answer
            <Row key={i} finding={finding} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function Row({ finding }: { finding: Finding }) {
  const { commands } = useWorkspace();
  const { element, level, message, name, rule, fix } = finding;
  const Icon = ICONS[level];
  const [section, id] = elementPath(element);
  const show = () => {
    if (section === "components" && id !== undefined) commands.select([id]);
    else if (section === "pages" && id !== undefined) commands.showPage(id);
    else if (isData(element)) commands.open(element);
  };
  return (
    <li>
      <button type="button" className={css.row} data-level={level} onClick={show}>
        <Icon aria-hidden="true" />
        <span className="hidden-visually">{level}</span>
        <b>{name || element}</b>
        <span className={css.what}>
          {message}
          {fix === "" ? null : <i> {fix}</i>}
        </span>
        <code>{rule}</code>
      </button>
    </li>
  );
}

function counted(findings: readonly Finding[]): string {
  if (findings.length === 0) return "Nothing is wrong";
  const parts = (["error", "warning", "note"] as const).flatMap((level) => {
    const count = findings.filter((each) => each.level === level).length;
    return count === 0 ? [] : [`${count} ${level}${count === 1 ? "" : "s"}`];
  });
  return parts.join(", ");
}
