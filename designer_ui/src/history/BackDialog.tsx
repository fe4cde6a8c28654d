import { useEffect, useState } from "react";
import { Button } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import field from "../components/Field.module.css";
import { words } from "../model/words";
import {
  type Entry,
  type Restored,
  type RestorePart,
  type Reverted,
  versions,
} from "../sync/versions";
import css from "./History.module.css";

export type Back =
  | { kind: "restore"; version: number; part: RestorePart; what: string }
  | { kind: "revert"; entry: Entry };

interface BackDialogProps {
  id: string;
  back: Back;
  onDone(said: string): Promise<void>;
  onClose(): void;
}

const SHOWN = 12;

/** Shows what a restore or a revert would do now, and does it. It is an edit like any other: nothing is lost by it. */
export function BackDialog({ id, back, onDone, onClose }: BackDialogProps) {
  const [preview, setPreview] = useState<Partial<Restored & Reverted> | null>(null);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    run(id, back, true).then(setPreview, (error: Error) => setFault(error.message));
  }, [id, back]);

  const title =
    back.kind === "restore"
      ? `Restore ${back.what} of version ${back.version}`
      : `Take back version ${back.entry.version}`;
  const act = async () => {
    setBusy(true);
    try {
      const { version } = await run(id, back, false);
      await onDone(version === null ? "Nothing differs" : `Done, as version ${version}`);
      onClose();
    } catch (error) {
      setFault((error as Error).message);
      setBusy(false);
    }
  };
  const changes = preview?.changes ?? [];
  const nothing = preview !== null && changes.length === 0;
  return (
    <Dialog title={title} wide onClose={onClose}>
      <p className={css.lead}>
        {preview === null
          ? "Looking at what it would do…"
          : nothing
            ? "Nothing differs from what is there now."
            : "It becomes a new version; everybody sees it at once, and it can be taken back."}
      </p>
      <ul className={css.effects} aria-label="What it does">
        {changes.slice(0, SHOWN).map((change) => (
          <li
            key={JSON.stringify([change.element, change.kind, change.path])}
            data-mark={change.kind}
          >
            <b>{change.name || change.element}</b> {change.kind}
            {change.kind === "changed" ? `: ${words(String(change.path.at(-1) ?? ""))}` : ""}
          </li>
        ))}
        {changes.length > SHOWN ? <li>and {changes.length - SHOWN} more</li> : null}
      </ul>
      {preview?.kept && preview.kept.length > 0 ? (
        <>
          <h3 className={css.lead}>Changed by others since, and kept</h3>
          <ul className={css.effects} aria-label="Kept">
            {preview.kept.map((each) => (
              <li key={JSON.stringify([each.element, each.path])}>
                <b>{each.name || each.element}</b> {words(String(each.path.at(-1) ?? ""))}, by{" "}
                {each.by.name} in version {each.version}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {preview?.dropped && preview.dropped.length > 0 ? (
        <>
          <h3 className={css.lead}>Cannot come back</h3>
          <ul className={css.effects} aria-label="Left out">
            {preview.dropped.map((each) => (
              <li key={JSON.stringify([each.element, each.path])}>
                {each.element}: {each.reason}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {fault === undefined ? null : (
        <p className={field.fault} role="alert">
          {fault}
        </p>
      )}
      <DialogActions>
        <Button look="plain" onClick={onClose}>
          Cancel
        </Button>
        <Button look="primary" disabled={busy || preview === null || nothing} onClick={act}>
          {back.kind === "restore" ? "Restore" : "Take back"}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function run(id: string, back: Back, preview: boolean): Promise<Restored | Reverted> {
  return back.kind === "restore"
    ? versions.restore(id, back.version, back.part, preview)
    : versions.revert(id, back.entry, preview);
}
