import { Rocket, ServerCog } from "lucide-react";
import { type FormEvent, useCallback, useEffect, useId, useState } from "react";
import { Button } from "../components/Button";
import { Dialog, DialogActions } from "../components/Dialog";
import field from "../components/Field.module.css";
import { type Environment, type Release, releaseRest } from "../sync/reviews";
import { versions } from "../sync/versions";
import css from "./History.module.css";
import { Pick } from "./Pick";
import { when } from "./Timeline";
import { useLoaded } from "./useLoaded";
import type { TabProps } from "./VersionsTab";

/** Which version runs where, and how it came there. */
export function ReleasesTab({ id, onSay }: TabProps) {
  const load = useCallback(() => releaseRest.environments(id), [id]);
  const { value, fault, reload } = useLoaded(load);
  const [picked, setPicked] = useState<string | null>(null);
  const environments = value ?? [];
  const environment = environments.find((each) => each.name === picked) ?? environments[0];
  return (
    <>
      <aside className={css.side} aria-label="Environments">
        <span />
        <Pick
          label="Environments"
          items={environments}
          keyOf={(each) => each.name}
          picked={environment ?? null}
          onPick={(each) => setPicked(each.name)}
          none="There is no environment."
        >
          {(each) => (
            <>
              <ServerCog aria-hidden="true" />
              <div>
                <p>{each.name}</p>
                <small>
                  {each.release
                    ? `Version ${each.release.version} · ${when(each.release.at)}`
                    : "Nothing released"}
                </small>
              </div>
            </>
          )}
        </Pick>
      </aside>
      <main className={css.main}>
        {fault === null ? null : <p role="alert">{fault}</p>}
        {environment ? (
          <EnvironmentView
            key={environment.name}
            id={id}
            environment={environment}
            onDone={async (said) => {
              onSay(said);
              await reload();
            }}
          />
        ) : null}
      </main>
    </>
  );
}

interface EnvironmentViewProps {
  id: string;
  environment: Environment;
  onDone(said: string): Promise<void>;
}

type Asking = { kind: Release["kind"]; version: number };

function EnvironmentView({ id, environment, onDone }: EnvironmentViewProps) {
  const { name, needsApproval, release } = environment;
  const load = useCallback(() => releaseRest.list(id, name), [id, name]);
  const { value, fault, reload } = useLoaded(load);
  const [head, setHead] = useState(1);
  const [asking, setAsking] = useState<Asking | null>(null);
  useEffect(() => {
    // Without it the dialog begins with version 1, and the server has the last word.
    versions.list(id, {}, undefined, 1).then(
      (timeline) => setHead(timeline.head),
      () => {},
    );
  }, [id]);
  return (
    <>
      <div className={css.head}>
        <div className={css.title}>
          <h2>{name}</h2>
          <p>
            {release
              ? `Version ${release.version}, by ${release.by.name} ${when(release.at)}`
              : "Nothing has been released here yet"}
            {needsApproval ? " · approved versions only" : ""}
          </p>
        </div>
        <div className={css.actions}>
          <Button
            look="primary"
            icon={<Rocket />}
            onClick={() => setAsking({ kind: "promotion", version: head })}
          >
            Release…
          </Button>
        </div>
      </div>
      {fault === null ? null : <p role="alert">{fault}</p>}
      <div className={css.details}>
        <section className={css.element} aria-label={`Releases to ${name}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">How</th>
                <th scope="col">Why</th>
                <th scope="col">By</th>
              </tr>
            </thead>
            <tbody>
              {(value ?? []).map((each) => (
                <tr key={each.number}>
                  <th scope="row">Version {each.version}</th>
                  <td>{each.kind}</td>
                  <td>{each.reason}</td>
                  <td className={css.by}>
                    <small>
                      {each.by.name} {when(each.at)}
                    </small>
                    {each.version === release?.version ? null : (
                      <button
                        type="button"
                        className={css.link}
                        onClick={() => setAsking({ kind: "rollback", version: each.version })}
                      >
                        Go back to {each.version}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </div>
      {asking ? (
        <ReleaseDialog
          id={id}
          environment={name}
          asking={asking}
          onDone={async (said) => {
            await reload();
            await onDone(said);
          }}
          onClose={() => setAsking(null)}
        />
      ) : null}
    </>
  );
}

interface ReleaseDialogProps {
  id: string;
  environment: string;
  asking: Asking;
  onDone(said: string): Promise<void>;
  onClose(): void;
}

function ReleaseDialog({ id, environment, asking, onDone, onClose }: ReleaseDialogProps) {
  const [version, setVersion] = useState(String(asking.version));
  const [reason, setReason] = useState("");
  const [isEmergency, setEmergency] = useState(false);
  const [fault, setFault] = useState<string>();
  const key = useId();
  const isRollback = asking.kind === "rollback";
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await releaseRest.release(id, environment, {
        version: Number(version),
        kind: isRollback ? "rollback" : isEmergency ? "emergency" : "promotion",
        reason: reason.trim(),
      });
      await onDone(`Version ${version} is in ${environment}`);
      onClose();
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <Dialog
      title={isRollback ? `Go back to version ${asking.version}` : `Release to ${environment}`}
      onClose={onClose}
    >
      <form onSubmit={submit} className={css.form} noValidate>
        {isRollback ? null : (
          <>
            <label className={field.label} htmlFor={`${key}-version`}>
              Version
            </label>
            <input
              id={`${key}-version`}
              className={field.input}
              type="number"
              min={1}
              value={version}
              onChange={({ target }) => setVersion(target.value)}
            />
          </>
        )}
        <label className={field.label} htmlFor={`${key}-reason`}>
          Reason
        </label>
        <input
          id={`${key}-reason`}
          className={field.input}
          value={reason}
          autoComplete="off"
          onChange={({ target }) => setReason(target.value)}
        />
        {isRollback ? null : (
          <label className={css.check}>
            <input
              type="checkbox"
              checked={isEmergency}
              onChange={({ target }) => setEmergency(target.checked)}
            />
            Emergency: without the approvals, marked as such
          </label>
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
            {isRollback ? "Go back" : "Release"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
