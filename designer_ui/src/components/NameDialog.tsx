import { type FormEvent, useId, useState } from "react";
import { Button } from "./Button";
import { Dialog, DialogActions } from "./Dialog";
import css from "./Field.module.css";

interface NameDialogProps {
  title: string;
  label: string;
  action: string;
  initial?: string;
  /** Why a name will not do, or undefined. */
  fault(name: string): string | undefined;
  /** Rejects with an error whose message is shown; the dialog stays open then. */
  onSubmit(name: string): Promise<void> | void;
  onClose(): void;
}

/** Asks for one name. */
export function NameDialog(props: NameDialogProps) {
  const [name, setName] = useState(props.initial ?? "");
  const [shown, setShown] = useState<string>();
  const [busy, setBusy] = useState(false);
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const fault = props.fault(name);
    setShown(fault);
    if (fault !== undefined || busy) return;
    setBusy(true);
    try {
      await props.onSubmit(name.trim());
      props.onClose();
    } catch (error) {
      setShown((error as Error).message);
      setBusy(false);
    }
  };

  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form onSubmit={submit} noValidate>
        <label className={css.label} htmlFor={id}>
          {props.label}
        </label>
        <input
          id={id}
          className={css.input}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setShown(undefined);
          }}
          onFocus={(event) => event.target.select()}
          aria-invalid={shown !== undefined}
          aria-describedby={shown === undefined ? undefined : `${id}-fault`}
          autoComplete="off"
          autoFocus
        />
        {shown === undefined ? null : (
          <p className={css.fault} id={`${id}-fault`} role="alert">
            {shown}
          </p>
        )}
        <DialogActions>
          <Button look="plain" onClick={props.onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={busy}>
            {props.action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
