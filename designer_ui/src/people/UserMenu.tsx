import { Menu } from "../components/Menu";
import { go } from "../navigation";
import { peopleRest } from "../sync/people";
import type { SessionInfo } from "../sync/rest";
import css from "./People.module.css";

/** One's name, with what one can do as oneself. */
export function UserMenu({ session }: { session: SessionInfo }) {
  const { user, signIn } = session;
  const signOut = async () => {
    const { signOut: elsewhere } = await peopleRest.signOut();
    location.assign(elsewhere ?? "/");
  };
  if (!user.admin && signIn === null) return <span className={css.user}>{user.name}</span>;
  return (
    <Menu
      entries={[
        ...(user.admin
          ? [{ label: "People, tokens, record", run: () => go({ kind: "people" }) }]
          : []),
        ...(signIn === null ? [] : [{ label: "Sign out", run: signOut }]),
      ]}
    >
      <button type="button" className={css.user} aria-label={`${user.name}: menu`}>
        {user.name}
      </button>
    </Menu>
  );
}
