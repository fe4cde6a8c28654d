import { FileUp, MoreHorizontal, Plus, RotateCcw, Search, Trash2 } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { Button, IconButton } from "../components/Button";
import { Mark } from "../components/Mark";
import { Menu } from "../components/Menu";
import { NameDialog } from "../components/NameDialog";
import { ThemeButton } from "../components/ThemeButton";
import { since } from "../components/time";
import { titleFault } from "../model/names";
import { follow, go } from "../navigation";
import { ShareDialog } from "../people/ShareDialog";
import { UserMenu } from "../people/UserMenu";
import { type DesignRow, rest, type SessionInfo } from "../sync/rest";
import css from "./DesignsPage.module.css";

type Asking = { kind: "create" } | { kind: "rename" | "share"; row: DesignRow } | null;

const REFRESH_EVERY_MS = 15_000;

export function DesignsPage({ session, trash }: { session: SessionInfo; trash: boolean }) {
  const [rows, setRows] = useState<DesignRow[] | null>(null);
  /** Why the list is missing or old. */
  const [stale, setStale] = useState<string | null>(null);
  /** Why the latest change was not made. */
  const [fault, setFault] = useState<string | null>(null);
  const [done, setDone] = useState("");
  const [search, setSearch] = useState("");
  const [asking, setAsking] = useState<Asking>(null);
  const [now, setNow] = useState(() => Date.now());
  const file = useRef<HTMLInputElement>(null);

  const load = useCallback(async () => {
    try {
      setRows(await rest.designs(trash));
      setNow(Date.now());
      setStale(null);
    } catch (error) {
      setStale((error as Error).message);
    }
  }, [trash]);

  useEffect(() => {
    document.title = trash ? "Trash – Coweave" : "Designs – Coweave";
    setRows(null);
    load();
    const timer = setInterval(load, REFRESH_EVERY_MS);
    addEventListener("focus", load);
    return () => {
      clearInterval(timer);
      removeEventListener("focus", load);
    };
  }, [load, trash]);

  /** Runs a change, says what it did, and shows the list as it is then. */
  const run = async (change: () => Promise<unknown>, said: string) => {
    setFault(null);
    try {
      await change();
      setDone(said);
      await load();
    } catch (error) {
      setFault((error as Error).message);
    }
  };

  const importFile = async (chosen: File | undefined) => {
    if (!chosen) return;
    setFault(null);
    try {
      const { design } = await rest.importFile(chosen);
      go({ kind: "design", id: design.id });
    } catch (error) {
      setFault(`${chosen.name} could not be imported. ${(error as Error).message}`);
    }
  };

  const shown = (rows ?? [])
    .filter((row) => row.name.toLowerCase().includes(search.trim().toLowerCase()))
    .sort((a, b) => b.updatedAt - a.updatedAt);

  return (
    <div className={css.page}>
      <header className={css.bar}>
        <span className={css.brand}>
          <Mark /> Coweave
        </span>
        <UserMenu session={session} />
        <ThemeButton />
      </header>

      <main className={css.main}>
        <div className={css.head}>
          <h1 className={css.title}>Designs</h1>
          <input
            ref={file}
            type="file"
            accept=".json,application/json"
            hidden
            aria-label="Design file"
            onChange={(event) => {
              importFile(event.target.files?.[0]);
              event.target.value = "";
            }}
          />
          <Button icon={<FileUp />} onClick={() => file.current?.click()}>
            Import
          </Button>
          <Button look="primary" icon={<Plus />} onClick={() => setAsking({ kind: "create" })}>
            New design
          </Button>
        </div>

        <div className={css.tools}>
          <nav className={css.tabs} aria-label="Which designs">
            <a
              className={css.tab}
              aria-current={trash ? undefined : "page"}
              {...follow({ kind: "designs", trash: false })}
            >
              All designs
            </a>
            <a
              className={css.tab}
              aria-current={trash ? "page" : undefined}
              {...follow({ kind: "designs", trash: true })}
            >
              Trash
            </a>
          </nav>
          <label className={css.search}>
            <Search aria-hidden="true" />
            <input
              type="search"
              placeholder="Search designs"
              aria-label="Search designs"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </label>
        </div>

        {stale === null ? null : (
          <p className={css.fault} role="alert">
            {stale}{" "}
            <button type="button" onClick={load}>
              Try again
            </button>
          </p>
        )}
        {fault === null ? null : (
          <p className={css.fault} role="alert">
            {fault}{" "}
            <button type="button" onClick={() => setFault(null)}>
              Dismiss
            </button>
          </p>
        )}
        <p className="hidden-visually" aria-live="polite">
          {done}
        </p>

        {rows === null ? null : shown.length === 0 ? (
          <Empty trash={trash} search={search} onCreate={() => setAsking({ kind: "create" })} />
        ) : (
          <table className={css.table} aria-label={trash ? "Designs in the trash" : "Designs"}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">{trash ? "Deleted" : "Edited"}</th>
                <th scope="col">Created by</th>
                <th scope="col">
                  <span className="hidden-visually">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={row.id} className={css.row}>
                  <th scope="row">
                    <span className={css.tile} aria-hidden="true">
                      {row.name.trim().slice(0, 1).toUpperCase()}
                    </span>
                    {trash ? (
                      <span className={css.name}>{row.name}</span>
                    ) : (
                      <a className={css.name} {...follow({ kind: "design", id: row.id })}>
                        {row.name}
                      </a>
                    )}
                  </th>
                  <td>{since(row.trashedAt ?? row.updatedAt, now)}</td>
                  <td>{row.createdBy?.name ?? "–"}</td>
                  <td className={css.actions}>
                    {trash ? (
                      <Button
                        icon={<RotateCcw />}
                        aria-label={`Restore ${row.name}`}
                        onClick={() =>
                          run(() => rest.restore(row.id), `${row.name} is back among the designs.`)
                        }
                      >
                        Restore
                      </Button>
                    ) : (
                      <Menu
                        entries={[
                          { label: "Open", run: () => go({ kind: "design", id: row.id }) },
                          { label: "Rename…", run: () => setAsking({ kind: "rename", row }) },
                          {
                            label: "Duplicate",
                            run: () =>
                              run(() => rest.duplicate(row.id), `${row.name} was duplicated.`),
                          },
                          {
                            label: "Share…",
                            disabled: row.role !== "owner",
                            run: () => setAsking({ kind: "share", row }),
                          },
                          null,
                          {
                            label: "Move to trash",
                            danger: true,
                            disabled: row.role !== "owner",
                            run: () =>
                              run(() => rest.trash(row.id), `${row.name} is in the trash now.`),
                          },
                        ]}
                      >
                        <IconButton label={`Actions for ${row.name}`} tip={false}>
                          <MoreHorizontal />
                        </IconButton>
                      </Menu>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </main>

      {asking?.kind === "create" ? (
        <NameDialog
          title="New design"
          label="Name"
          action="Create"
          initial="Untitled design"
          fault={titleFault}
          onSubmit={async (name) => go({ kind: "design", id: (await rest.create(name)).id })}
          onClose={() => setAsking(null)}
        />
      ) : null}
      {asking?.kind === "share" ? (
        <ShareDialog id={asking.row.id} onClose={() => setAsking(null)} />
      ) : null}
      {asking?.kind === "rename" ? (
        <NameDialog
          title="Rename design"
          label="Name"
          action="Rename"
          initial={asking.row.name}
          fault={titleFault}
          onSubmit={async (name) => {
            await rest.rename(asking.row.id, name);
            setDone(`Renamed to ${name}.`);
            await load();
          }}
          onClose={() => setAsking(null)}
        />
      ) : null}
    </div>
  );
}

function Empty({ trash, search, onCreate }: { trash: boolean; search: string; onCreate(): void }) {
  let text: ReactNode;
  if (search.trim() !== "") text = <p>No design is called “{search.trim()}”.</p>;
  else if (trash)
    text = (
      <>
        <Trash2 aria-hidden="true" />
        <p>The trash is empty.</p>
      </>
    );
  else
    text = (
      <>
        <p>There is no design yet.</p>
        <Button look="primary" icon={<Plus />} onClick={onCreate}>
          Make the first one
        </Button>
      </>
    );
  return <div className={css.empty}>{text}</div>;
}
