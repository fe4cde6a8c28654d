import { type FormEvent, useId, useState } from "react";
import { Button } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import field from "../components/Field.module.css";
import { titleFault } from "../model/names";
import { type Entry, versions } from "../sync/versions";
import css from "./History.module.css";

interface LabelDialogProps {
  id: string;
  entry: Entry;
  onDone(said: string): Promise<void>;
  onClose(): void;
}

/** Names a version, so that it is found again; a protected name cannot be taken away by mistake. */
export function LabelDialog({ id, entry, onDone, onClose }: LabelDialogProps) {
  const [label] = entry.labels;
  const version = label?.version ?? entry.version;
  const [name, setName] = useState(label?.name ?? "");
  const [note, setNote] = useState(label?.note ?? "");
  const [isProtected, setProtected] = useState(label?.protected ?? false);
  const [fault, setFault] = useState<string>();
  const key = useId();

  const run = async (change: () => Promise<unknown>, said: string) => {
    try {
      await change();
      await onDone(said);
      onClose();
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = titleFault(name);
    setFault(wrong);
    if (wrong !== undefined) return;
    run(
      () => versions.label(id, version, { name: name.trim(), note, protected: isProtected }),
      `Version ${version} is named ${name.trim()}`,
    );
  };
  return (
    <Dialog title={`Name version ${version}`} onClose={onClose}>
      <form onSubmit={submit} noValidate className={css.form}>
        <label className={field.label} htmlFor={`${key}-name`}>
          Name
        </label>
        <input
          id={`${key}-name`}
          className={field.input}
          value={name}
          onChange={({ target }) => setName(target.value)}
          aria-invalid={fault !== undefined}
          autoComplete="off"
          autoFocus
        />
        <label className={field.label} htmlFor={`${key}-note`}>
          Note
        </label>
        <textarea
          id={`${key}-note`}
          className={field.input}
          rows={3}
          value={note}
          onChange={({ target }) => setNote(target.value)}
        />
        <label className={css.check}>
          <input
            type="checkbox"
            checked={isProtected}
            onChange={({ target }) => setProtected(target.checked)}
          />
          Protected
        </label>
        {fault === undefined ? null : (
          <p className={field.fault} role="alert">
            {fault}
          </p>
        )}
        <DialogActions>
          {label && !label.protected ? (
            <Button
              look="plain"
              onClick={() =>
                run(() => versions.unlabel(id, version), `Version ${version} has no name any more`)
              }
            >
              Remove the name
            </Button>
          ) : null}
          <Button look="plain" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit">
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
