import { CircleCheck, CircleX } from "lucide-react";
import type { Gate } from "../sync/reviews";
import css from "./History.module.css";

/** Whether it may go into main, and what is missing. */
export function GateList({ gate }: { gate: Gate }) {
  return (
    <ul className={css.gate} aria-label="Before it is merged">
      {gate.open ? (
        <li data-open="true">
          <CircleCheck aria-hidden="true" /> Everything that is asked for is there.
        </li>
      ) : (
        gate.reasons.map((reason) => (
          <li key={`${reason.rule}:${reason.message}`}>
            <CircleX aria-hidden="true" /> {reason.message}
          </li>
        ))
      )}
    </ul>
  );
}
