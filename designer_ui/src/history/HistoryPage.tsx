import { ChevronLeft } from "lucide-react";
import { useEffect, useState } from "react";
import { Mark } from "../components/Mark";
import { ThemeButton } from "../components/ThemeButton";
import type { TypesAnswer } from "../model/types";
import { follow } from "../navigation";
import { rest, type SessionInfo } from "../sync/rest";
import { BranchesTab } from "./BranchesTab";
import css from "./History.module.css";
import { ReleasesTab } from "./ReleasesTab";
import { ReviewsTab } from "./ReviewsTab";
import { VersionsTab } from "./VersionsTab";

const TABS = {
  versions: { title: "Versions", Tab: VersionsTab },
  branches: { title: "Branches", Tab: BranchesTab },
  reviews: { title: "Reviews", Tab: ReviewsTab },
  releases: { title: "Releases", Tab: ReleasesTab },
} as const;

type TabName = keyof typeof TABS;

/** What became of a design: its versions, branches, reviews and releases. */
export default function HistoryPage({ id, info }: { id: string; info: SessionInfo }) {
  const [types, setTypes] = useState<TypesAnswer | null>(null);
  const [name, setName] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [tab, setTab] = useState<TabName>("versions");
  const [said, setSaid] = useState("");
  const { Tab } = TABS[tab];

  useEffect(() => {
    Promise.all([rest.types(), rest.snapshot(id)]).then(
      ([answer, { data }]) => {
        setTypes(answer);
        setName(data.meta.name);
        document.title = `History of ${data.meta.name} – Coweave`;
      },
      (error: Error) => setFault(error.message),
    );
  }, [id]);

  return (
    <div className={css.page}>
      <header className={css.bar}>
        <a className={css.back} {...follow({ kind: "design", id })}>
          <ChevronLeft aria-hidden="true" />
          <Mark size={20} />
          <span>{name}</span>
        </a>
        <h1>History</h1>
        <nav className={css.tabs} aria-label="History">
          {(Object.keys(TABS) as TabName[]).map((each) => (
            <button
              key={each}
              type="button"
              aria-current={each === tab ? "page" : undefined}
              onClick={() => setTab(each)}
            >
              {TABS[each].title}
            </button>
          ))}
        </nav>
        <span className={css.space} />
        <ThemeButton />
      </header>
      {fault === null ? null : (
        <p role="alert" className={css.alert}>
          {fault}
        </p>
      )}
      {types ? <Tab id={id} types={types} me={info.user} onSay={setSaid} /> : null}
      <div className="hidden-visually" role="status">
        {said}
      </div>
    </div>
  );
}
