import { Trash2 } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { Button, IconButton } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import { type Grant, peopleRest, type SubjectKind } from "../sync/people";
import { ROLES, type Role, type User } from "../sync/rest";
import css from "./People.module.css";

interface ShareDialogProps {
  id: string;
  /** The design's pages, where they are known: a role can be given on one of them. */
  pages?: readonly { id: string; name: string }[];
  onClose(): void;
}

const EVERYONE = "everyone:";
const GROUP = "group:";

/** Who has which role on a design, whole or page by page. A change acts at once, on everybody's screen. */
export function ShareDialog({ id, pages = [], onClose }: ShareDialogProps) {
  const [grants, setGrants] = useState<Grant[] | null>(null);
  const [people, setPeople] = useState<User[]>([]);
  const [fault, setFault] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  useEffect(() => {
    const failed = (error: Error) => setFault(error.message);
    peopleRest.grants(id).then(setGrants, failed);
    peopleRest.people().then(setPeople, failed);
  }, [id]);

  const run = async (change: () => Promise<Grant[]>, done: string) => {
    setFault(null);
    try {
      setGrants(await change());
      setSaid(done);
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  const nameOf = (scope: string) => {
    const [part, place] = scope.split("/");
    if (part !== "pages") return place ?? "";
    return `Page ${pages.find((page) => page.id === place)?.name ?? place}`;
  };

  return (
    <Dialog title="Share" wide onClose={onClose}>
      {fault === null ? null : (
        <p className={css.fault} role="alert">
          {fault}
        </p>
      )}
      <p className="hidden-visually" aria-live="polite">
        {said}
      </p>
      {grants === null ? null : (
        <>
          <AddGrant
            people={people}
            pages={pages}
            onAdd={(grant) => run(() => peopleRest.give(id, grant), "Shared.")}
          />
          <table className={css.list} aria-label="Who has a role">
            <tbody>
              {grants.map((grant) => {
                const who = grant.kind === "everyone" ? "Everyone here" : grant.name || "Erased";
                const where = grant.scope === "" ? "" : nameOf(grant.scope);
                const label = where === "" ? who : `${who}, ${where}`;
                return (
                  <tr key={`${grant.scope} ${grant.kind} ${grant.subject}`}>
                    <th scope="row">
                      {who}
                      {grant.kind === "group" ? <span className={css.quiet}> group</span> : null}
                    </th>
                    <td className={css.quiet}>{where || "Whole design"}</td>
                    <td>
                      <select
                        aria-label={`Role of ${label}`}
                        value={grant.role}
                        onChange={({ target }) =>
                          run(
                            () =>
                              peopleRest.give(id, {
                                scope: grant.scope,
                                kind: grant.kind,
                                subject: grant.subject,
                                role: target.value as Role,
                              }),
                            `${label} is ${target.value} now.`,
                          )
                        }
                      >
                        <RoleOptions />
                      </select>
                    </td>
                    <td>
                      <IconButton
                        label={`Remove ${label}`}
                        size="s"
                        onClick={() =>
                          run(() => peopleRest.take(id, grant), `${label} is removed.`)
                        }
                      >
                        <Trash2 />
                      </IconButton>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </>
      )}
      <DialogActions>
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface AddGrantProps {
  people: readonly User[];
  pages: readonly { id: string; name: string }[];
  onAdd(grant: Omit<Grant, "name">): void;
}

function AddGrant({ people, pages, onAdd }: AddGrantProps) {
  const [who, setWho] = useState(EVERYONE);
  const [group, setGroup] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const [scope, setScope] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const at = who.indexOf(":");
    const kind = who.slice(0, at) as SubjectKind;
    const subject = kind === "group" ? group.trim() : who.slice(at + 1);
    if (kind === "group" && subject === "") return;
    onAdd({ scope, kind, subject, role });
    setGroup("");
  };
  return (
    <form className={css.add} onSubmit={submit}>
      <label>
        Share with
        <select aria-label="Share with" value={who} onChange={({ target }) => setWho(target.value)}>
          <option value={EVERYONE}>Everyone here</option>
          <option value={GROUP}>A group…</option>
          {people.map((person) => (
            <option key={person.id} value={`person:${person.id}`}>
              {person.name}
            </option>
          ))}
        </select>
      </label>
      {who === GROUP ? (
        <label>
          Group
          <input value={group} onChange={({ target }) => setGroup(target.value)} maxLength={128} />
        </label>
      ) : null}
      <label>
        As
        <select
          aria-label="As"
          value={role}
          onChange={({ target }) => setRole(target.value as Role)}
        >
          <RoleOptions />
        </select>
      </label>
      {pages.length === 0 ? null : (
        <label>
          On
          <select aria-label="On" value={scope} onChange={({ target }) => setScope(target.value)}>
            <option value="">Whole design</option>
            {pages.map((page) => (
              <option key={page.id} value={`pages/${page.id}`}>
                Page {page.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <Button type="submit">Share</Button>
    </form>
  );
}

function RoleOptions() {
  return ROLES.map((each) => (
    <option key={each} value={each}>
      {each.slice(0, 1).toUpperCase() + each.slice(1)}
    </option>
  ));
}
