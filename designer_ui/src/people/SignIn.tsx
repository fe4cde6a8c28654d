import { Mark } from "../components/Mark";
import { signInHref } from "../sync/rest";
import css from "./People.module.css";

/** Instead of every page, for whoever is not signed in (any more). Edits that were not sent are kept. */
export function SignIn({ again, href }: { again: boolean; href: string | null }) {
  return (
    <main className={css.sign}>
      <Mark size={40} />
      <h1>{again ? "You are signed in no more" : "Sign in to Coweave"}</h1>
      {href === null ? (
        <p className={css.quiet}>This server has no identity provider to sign in with.</p>
      ) : (
        <a className={css.enter} href={signInHref(href)}>
          {again ? "Sign in again" : "Sign in"}
        </a>
      )}
    </main>
  );
}
