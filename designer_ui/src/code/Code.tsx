import { Component, lazy, type ReactNode, Suspense } from "react";
import { Button } from "../components/Button";
import { elementPath } from "../model/document";
import { useWorkspace } from "../workspace/workspace";
import css from "./Code.module.css";
import type { CodeProps } from "./CodeEditor";

const fetchEditor = () => import("./CodeEditor");
const CodeEditor = lazy(fetchEditor);

/** Has the editor here before it is needed: the line may be down by then. */
export function fetchAhead(): void {
  fetchEditor().catch(() => {}); // it is asked for again when it is needed, and said there
}

/** A code editor, fetched when the first one is needed; until then the text stands there as it is. */
export function Code(props: CodeProps) {
  const { mirror } = useWorkspace().session;
  const value = props.draft?.text ?? mirror.at([...elementPath(props.element), ...props.path]);
  const text = typeof value === "string" ? value : "";
  const waiting = (
    <div
      className={
        props.language === "expression" || props.language === "json"
          ? css.waitingField
          : css.waiting
      }
    >
      {text}
    </div>
  );
  return (
    <Fetched otherwise={waiting}>
      <Suspense fallback={waiting}>
        <CodeEditor {...props} />
      </Suspense>
    </Fetched>
  );
}

interface FetchedProps {
  otherwise: ReactNode;
  children: ReactNode;
}

/** Keeps the page alive where the editor cannot be fetched: offline, or after the server was upgraded. */
class Fetched extends Component<FetchedProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div className={css.failed}>
        {this.props.otherwise}
        <p role="alert">The editor could not be loaded.</p>
        <Button onClick={() => location.reload()}>Reload the page</Button>
      </div>
    );
  }
}
