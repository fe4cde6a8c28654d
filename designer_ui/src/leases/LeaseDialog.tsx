import { NameDialog } from "../components/NameDialog";
import type { LeaseAsk } from "../workspace/ui";
import { useWorkspace } from "../workspace/workspace";

const MAX_TEXT = 500;

/** Asks for the reason of a take-over, or for what the holder is to be told. */
export function LeaseDialog({ ask, onClose }: { ask: LeaseAsk; onClose(): void }) {
  const { leasing } = useWorkspace().commands;
  const { kind, element } = ask;
  const name = leasing.name(element);
  const holder = leasing.on(element)?.holder.name || "the holder";
  const long = (text: string) =>
    text.length > MAX_TEXT ? `At most ${MAX_TEXT} characters.` : undefined;
  if (kind === "ask") {
    return (
      <NameDialog
        title={`Ask ${holder} for ${name}`}
        label="Message (may be empty)"
        action="Ask"
        fault={long}
        onSubmit={(text) => leasing.ask(element, text)}
        onClose={onClose}
      />
    );
  }
  return (
    <NameDialog
      title={`Take ${name} over from ${holder}`}
      label={`Reason: ${holder} is told, and it is kept`}
      action="Take over"
      fault={(text) => (text.trim() === "" ? "Please give a reason." : long(text))}
      onSubmit={(text) => leasing.takeOver(element, text)}
      onClose={onClose}
    />
  );
}
