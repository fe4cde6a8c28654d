import { type FormEvent, useEffect, useId, useState } from "react";
import { Button } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import field from "../components/Field.module.css";
import { branchRest, type Rules } from "../sync/reviews";
import css from "./History.module.css";

const ERRORS = "error";

interface RulesDialogProps {
  id: string;
  onDone(said: string): Promise<void>;
  onClose(): void;
}

/** What must be there before a branch goes into main, and whether main takes direct edits. */
export function RulesDialog({ id, onDone, onClose }: RulesDialogProps) {
  const [rules, setRules] = useState<Rules | null>(null);
  const [fault, setFault] = useState<string>();
  const key = useId();
  useEffect(() => {
    branchRest.rules(id).then(setRules, (error: Error) => setFault(error.message));
  }, [id]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!rules) return;
    try {
      await branchRest.setRules(id, {
        protected: rules.protected,
        approvals: rules.approvals,
        checks: rules.checks,
      });
      await onDone("The rules are saved");
      onClose();
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <Dialog title="Rules for main" onClose={onClose}>
      <form onSubmit={submit} className={css.form}>
        {rules ? (
          <>
            <label className={css.check}>
              <input
                type="checkbox"
                checked={rules.protected}
                onChange={({ target }) => setRules({ ...rules, protected: target.checked })}
              />
              Protected: main changes by merges only
            </label>
            <label className={css.check}>
              <input
                type="checkbox"
                checked={rules.checks.includes(ERRORS)}
                onChange={({ target }) =>
                  setRules({
                    ...rules,
                    checks: [
                      ...rules.checks.filter((each) => each !== ERRORS),
                      ...(target.checked ? [ERRORS] : []),
                    ],
                  })
                }
              />
              The check finds no error
            </label>
            <label className={field.label} htmlFor={`${key}-approvals`}>
              Approvals
            </label>
            <input
              id={`${key}-approvals`}
              className={field.input}
              type="number"
              min={0}
              max={20}
              value={rules.approvals}
              onChange={({ target }) => setRules({ ...rules, approvals: Number(target.value) })}
            />
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
          <Button look="primary" type="submit" disabled={!rules}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
