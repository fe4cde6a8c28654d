import { lazy, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { TipProvider } from "./components/Tip";
import { DesignsPage } from "./designs/DesignsPage";
import { DesignPage } from "./editor/DesignPage";
import { usePlace } from "./navigation";
import { SignIn } from "./people/SignIn";
import { rest, type SessionInfo, signedOut } from "./sync/rest";

// Reviewers' pages are not what most people open first.
const HistoryPage = lazy(() => import("./history/HistoryPage"));

const PeoplePage = lazy(() => import("./people/PeoplePage"));

const RETRY_AFTER_MS = 2_000;

export function App() {
  const place = usePlace();
  const [info, setInfo] = useState<SessionInfo | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const out = useSyncExternalStore(signedOut.subscribe, signedOut.get);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const ask = () =>
      rest
        .session()
        .then(setInfo)
        .catch((error: Error) => {
          setFault(error.message);
          timer = setTimeout(ask, RETRY_AFTER_MS);
        });
    ask();
    return () => clearTimeout(timer);
  }, []);

  if (out) return <SignIn again={info !== null} href={out.href ?? info?.signIn ?? null} />;
  if (!info) return fault === null ? null : <p role="alert">{fault}</p>;
  return (
    <TipProvider delayDuration={450} skipDelayDuration={150}>
      {place.kind === "design" ? (
        <DesignPage key={place.id} id={place.id} info={info} />
      ) : place.kind === "history" ? (
        <Suspense>
          <HistoryPage key={place.id} id={place.id} info={info} />
        </Suspense>
      ) : place.kind === "people" ? (
        <Suspense>
          <PeoplePage session={info} />
        </Suspense>
      ) : (
        <DesignsPage session={info} trash={place.trash} />
      )}
    </TipProvider>
  );
}
