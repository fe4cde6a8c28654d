import { type FormEvent, useEffect, useId, useState } from "react";
import { Button } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import field from "../components/Field.module.css";
import { titleFault } from "../model/names";
import { rest, type User } from "../sync/rest";
import { reviewRest } from "../sync/reviews";
import css from "./History.module.css";

interface ReviewDialogProps {
  id: string;
  subject: { branch: string } | { from: number; to: number };
  title: string;
  onDone(said: string): Promise<void>;
  onClose(): void;
}

/** Asks others to look at a branch, or at what happened between two versions. */
export function ReviewDialog({ id, subject, title, onDone, onClose }: ReviewDialogProps) {
  const [name, setName] = useState(title);
  const [description, setDescription] = useState("");
  const [people, setPeople] = useState<readonly User[]>([]);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [fault, setFault] = useState<string>();
  const key = useId();
  useEffect(() => {
    // A review can be asked for without naming anybody.
    rest.people().then(setPeople, () => {});
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wrong = titleFault(name);
    setFault(wrong);
    if (wrong !== undefined) return;
    try {
      await reviewRest.create(id, {
        ...subject,
        title: name.trim(),
        description,
        reviewers: [...chosen],
      });
      await onDone(`Asked for a review of ${name.trim()}`);
      onClose();
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <Dialog title="Ask for review" onClose={onClose}>
      <form onSubmit={submit} className={css.form} noValidate>
        <label className={field.label} htmlFor={`${key}-title`}>
          Title
        </label>
        <input
          id={`${key}-title`}
          className={field.input}
          value={name}
          onChange={({ target }) => setName(target.value)}
          autoComplete="off"
          autoFocus
        />
        <label className={field.label} htmlFor={`${key}-description`}>
          What it is about
        </label>
        <textarea
          id={`${key}-description`}
          className={field.input}
          rows={3}
          value={description}
          onChange={({ target }) => setDescription(target.value)}
        />
        {people.length === 0 ? null : (
          <fieldset className={css.choices}>
            <legend className={field.label}>Reviewers</legend>
            {people.map((each) => (
              <label key={each.id} className={css.check}>
                <input
                  type="checkbox"
                  checked={chosen.includes(each.id)}
                  onChange={({ target }) =>
                    setChosen((now) =>
                      target.checked ? [...now, each.id] : now.filter((other) => other !== each.id),
                    )
                  }
                />
                {each.name}
              </label>
            ))}
          </fieldset>
        )}
        {fault === undefined ? null : (
          <p className={field.fault} role="alert">
            {fault}
          </p>
        )}
        <DialogActions>
          <Button look="plain" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit">
            Ask
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
