import { useEffect, useState } from "react";
import { Mark } from "../components/Mark";
import { ThemeButton } from "../components/ThemeButton";
import page from "../designs/DesignsPage.module.css";
import { follow } from "../navigation";
import type { SessionInfo } from "../sync/rest";
import { Acts } from "./Acts";
import { Members } from "./Members";
import css from "./People.module.css";
import { Tokens } from "./Tokens";
import { UserMenu } from "./UserMenu";

const TABS = { people: "People", tokens: "Service tokens", acts: "Record" } as const;

type Tab = keyof typeof TABS;

/** For administrators: who is here, what programs may do, and what was done. */
export default function PeoplePage({ session }: { session: SessionInfo }) {
  const [tab, setTab] = useState<Tab>("people");
  useEffect(() => {
    document.title = "People – Coweave";
  }, []);
  return (
    <div className={page.page}>
      <header className={page.bar}>
        <a className={`${page.brand} ${css.brand}`} {...follow({ kind: "designs", trash: false })}>
          <Mark /> Coweave
        </a>
        <UserMenu session={session} />
        <ThemeButton />
      </header>
      <main className={page.main}>
        <div className={page.head}>
          <h1 className={page.title}>People</h1>
        </div>
        <div className={page.tools}>
          <div className={page.tabs} role="tablist" aria-label="What to look after">
            {Object.entries(TABS).map(([key, label]) => (
              <button
                key={key}
                type="button"
                role="tab"
                aria-selected={tab === key}
                aria-current={tab === key ? "page" : undefined}
                className={`${css.tab} ${page.tab}`}
                onClick={() => setTab(key as Tab)}
              >
                {label}
              </button>
            ))}
          </div>
        </div>
        <div role="tabpanel" className={css.panel} aria-label={TABS[tab]}>
          {tab === "people" ? <Members own={session.user.id} /> : null}
          {tab === "tokens" ? <Tokens /> : null}
          {tab === "acts" ? <Acts /> : null}
        </div>
      </main>
    </div>
  );
}
