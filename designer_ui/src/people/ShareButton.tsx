import { UserPlus } from "lucide-react";
import { useState } from "react";
import { IconButton } from "../components/Button";
import { usePages, useWorkspace } from "../workspace/workspace";
import { ShareDialog } from "./ShareDialog";

/** Shares the design that is open. */
export function ShareButton() {
  const { session } = useWorkspace();
  const ids = usePages();
  const [open, setOpen] = useState(false);
  const pages = ids.map((id) => ({ id, name: session.mirror.get("pages", id)?.name ?? id }));
  return (
    <>
      <IconButton label="Share" onClick={() => setOpen(true)}>
        <UserPlus />
      </IconButton>
      {open ? <ShareDialog id={session.id} pages={pages} onClose={() => setOpen(false)} /> : null}
    </>
  );
}
