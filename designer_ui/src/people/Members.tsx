import { MoreHorizontal } from "lucide-react";
import { useState } from "react";
import { Button, IconButton } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import { Menu } from "../components/Menu";
import { since } from "../components/time";
import { type Member, peopleRest } from "../sync/people";
import css from "./People.module.css";
import { useList } from "./useList";

/** All who have signed in once. */
export function Members({ own }: { own: string }) {
  const { rows, fault, run } = useList(peopleRest.members);
  const [erasing, setErasing] = useState<Member | null>(null);
  const now = Date.now();
  return (
    <>
      {fault === null ? null : (
        <p className={css.fault} role="alert">
          {fault}
        </p>
      )}
      {rows?.length === 0 ? <p className={css.quiet}>Nobody has signed in yet.</p> : null}
      {rows === null || rows.length === 0 ? null : (
        <table className={css.list} aria-label="People">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Seen</th>
              <th scope="col">May</th>
              <th scope="col">
                <span className="hidden-visually">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <th scope="row">{row.name || "Erased"}</th>
                <td className={css.quiet}>{since(row.seenAt, now)}</td>
                <td>{row.blockedAt ? "Blocked" : row.admin ? "Administer" : "Sign in"}</td>
                <td>
                  {row.id === own ? (
                    <span className={css.quiet}>You</span>
                  ) : (
                    <Menu
                      entries={[
                        {
                          label: row.admin ? "Make no administrator" : "Make administrator",
                          run: () => run(() => peopleRest.change(row.id, { admin: !row.admin })),
                        },
                        {
                          label: "End all sessions",
                          run: () => run(() => peopleRest.endSessions(row.id)),
                        },
                        {
                          label: row.blockedAt ? "Let in again" : "Block",
                          run: () =>
                            run(() => peopleRest.change(row.id, { blocked: !row.blockedAt })),
                        },
                        null,
                        { label: "Erase the name…", danger: true, run: () => setErasing(row) },
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
      {erasing === null ? null : (
        <Dialog title={`Erase the name of ${erasing.name}?`} onClose={() => setErasing(null)}>
          <p>
            What they did stays, under an id that says nothing. Their roles and sessions end. This
            cannot be taken back.
          </p>
          <DialogActions>
            <Button look="plain" onClick={() => setErasing(null)}>
              Cancel
            </Button>
            <Button
              look="danger"
              onClick={() => {
                setErasing(null);
                run(() => peopleRest.erase(erasing.id));
              }}
            >
              Erase
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </>
  );
}
