import { useMemo } from "react";
import type { Component, Json } from "../../model/document";
import { randomId } from "../../model/ids";
import { useWorkspace } from "../../workspace/workspace";
import { DraftCodeControl } from "./CodeControl";

interface EventFieldProps {
  id: string;
  component: Component;
  event: string;
}

/** What runs on one event: JavaScript in {{ }}. */
export function EventField({ id, component, event }: EventFieldProps) {
  const { commands } = useWorkspace();
  const element = `components/${id}`;
  const entry = Object.entries(component.events ?? {}).find(([, each]) => each.on === event);
  const key = entry?.[0];
  const path = useMemo(
    () => (key === undefined ? ["events", event] : ["events", key, "run"]),
    [key, event],
  );
  const run = entry?.[1].run;
  const text =
    run === undefined ? "" : typeof run === "string" ? run : JSON.stringify(run, null, 2);
  const edits = `Edit ${event} of ${component.name}`;

  const commit = (value: Json | undefined) => {
    if (value === undefined) {
      if (key !== undefined) commands.set(element, ["events", key], undefined, edits);
    } else if (key !== undefined) {
      commands.set(element, ["events", key, "run"], value, edits);
    } else {
      commands.set(
        element,
        ["events", randomId("e")],
        { on: event, order: "a0", run: value },
        edits,
      );
    }
  };
  return (
    <DraftCodeControl
      id={id}
      element={element}
      path={path}
      label={event}
      description="What runs then, such as {{ saveClaim.run() }}"
      text={text}
      placeholder="{{ }}"
      edits={edits}
      parse={(typed) => ({ value: typed.trim() === "" ? undefined : typed })}
      commit={commit}
    />
  );
}
