import { useCallback, useEffect, useState } from "react";
import { Button } from "../components/Button";
import { type Act, peopleRest } from "../sync/people";
import { asPerson } from "../sync/rest";
import css from "./People.module.css";

const PAGE = 100;
const END = 999_999_999_999_999; // the largest that the server takes
const KINDS = ["", "design", "share", "session", "member", "token", "lease", "right"];

function detailsOf({ details }: Act): string {
  return Object.entries(details)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

/** What was done besides editing, the newest first. */
export function Acts() {
  const [acts, setActs] = useState<Act[]>([]);
  const [kind, setKind] = useState("");
  const [more, setMore] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const load = useCallback(async (kind: string, known: Act[]) => {
    setFault(null);
    try {
      const found = await peopleRest.acts(known.at(-1)?.number ?? END, kind);
      setActs([...known, ...found]);
      setMore(found.length === PAGE);
    } catch (error) {
      setFault((error as Error).message);
    }
  }, []);
  useEffect(() => {
    load(kind, []);
  }, [load, kind]);
  return (
    <>
      <div className={css.add}>
        <label>
          About
          <select aria-label="About" value={kind} onChange={({ target }) => setKind(target.value)}>
            {KINDS.map((each) => (
              <option key={each} value={each}>
                {each === "" ? "Everything" : each}
              </option>
            ))}
          </select>
        </label>
        <a className={css.save} href={asPerson("/api/audit?format=jsonl")} download="audit.jsonl">
          Save all as JSON lines
        </a>
      </div>
      {fault === null ? null : (
        <p className={css.fault} role="alert">
          {fault}
        </p>
      )}
      <table className={css.list} aria-label="Record of acts">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Where</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {acts.map((act) => (
            <tr key={act.number}>
              <td className={css.quiet}>{new Date(act.time).toLocaleString()}</td>
              <th scope="row">{act.by.name || act.by.id || "–"}</th>
              <td>
                {act.action} <span className={css.quiet}>{detailsOf(act)}</span>
              </td>
              <td className={css.quiet}>
                {[act.design, act.element].filter((each) => each !== null).join(" ")}
              </td>
              <td className={css.quiet}>{act.address}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more ? <Button onClick={() => load(kind, acts)}>Show older ones</Button> : null}
    </>
  );
}
