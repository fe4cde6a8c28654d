import { type FormEvent, useState } from "react";
import { Button } from "../components/Button";
import { peopleRest, type Token } from "../sync/people";
import { ROLES } from "../sync/rest";
import css from "./People.module.css";
import { useList } from "./useList";

const day = (time: number) => new Date(time).toISOString().slice(0, 10);

function stateOf(token: Token, now: number): string {
  if (token.revokedAt !== null) return `Revoked ${day(token.revokedAt)}`;
  return token.expiresAt <= now ? "Expired" : `Until ${day(token.expiresAt)}`;
}

/** What programs come in with. The secret is shown once, when a token is made. */
export function Tokens() {
  const { rows, fault, run } = useList(peopleRest.tokens);
  const [secret, setSecret] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [scope, setScope] = useState("viewer:*");
  const [days, setDays] = useState(90);
  const now = Date.now();
  const create = (event: FormEvent) => {
    event.preventDefault();
    run(async () => {
      setSecret((await peopleRest.createToken(name, [scope], days)).token);
      setName("");
    });
  };
  return (
    <>
      <form className={css.add} onSubmit={create}>
        <label>
          Name
          <input required maxLength={64} value={name} onChange={(e) => setName(e.target.value)} />
        </label>
        <label>
          May
          <select aria-label="May" value={scope} onChange={(e) => setScope(e.target.value)}>
            {ROLES.map((role) => (
              <option key={role} value={`${role}:*`}>
                Be {role} of every design
              </option>
            ))}
            <option value="create">Make designs</option>
            <option value="audit">Read the record</option>
          </select>
        </label>
        <label>
          Days
          <input
            type="number"
            min={1}
            max={366}
            value={days}
            onChange={(e) => setDays(Number(e.target.value))}
          />
        </label>
        <Button type="submit">Make token</Button>
      </form>
      {fault === null ? null : (
        <p className={css.fault} role="alert">
          {fault}
        </p>
      )}
      {secret === null ? null : (
        <div className={css.secret} role="status">
          <span>Copy it now: it is not shown again.</span>
          <code>{secret}</code>
        </div>
      )}
      {rows?.length === 0 ? <p className={css.quiet}>There is no token yet.</p> : null}
      {rows === null || rows.length === 0 ? null : (
        <table className={css.list} aria-label="Service tokens">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">May</th>
              <th scope="col">Holds</th>
              <th scope="col">
                <span className="hidden-visually">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((token) => (
              <tr key={token.id}>
                <th scope="row">{token.name}</th>
                <td className={css.quiet}>{token.scopes.join(", ")}</td>
                <td className={css.quiet}>{stateOf(token, now)}</td>
                <td>
                  {token.revokedAt === null ? (
                    <Button
                      aria-label={`Revoke ${token.name}`}
                      onClick={() => run(() => peopleRest.revokeToken(token.id))}
                    >
                      Revoke
                    </Button>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
