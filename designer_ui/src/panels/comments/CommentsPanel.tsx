import { Check, RotateCcw, X } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { IconButton } from "../../components/Button";
import { elementPath } from "../../model/document";
import { type Thread, threadsOf } from "../../model/threads";
import type { Comment } from "../../sync/comments";
import { rest, type User } from "../../sync/rest";
import {
  useComponent,
  useOutline,
  usePeople,
  useUi,
  useWatched,
  useWorkspace,
} from "../../workspace/workspace";
import css from "./Comments.module.css";
import { Composer } from "./Composer";
import { Remark } from "./Remark";

/** Conversations about the design and its components, in place of the form. */
export function CommentsPanel() {
  const { commands, comments, session } = useWorkspace();
  const list = useWatched(comments.list);
  const selection = useUi((ui) => ui.selection);
  const [showResolved, setShowResolved] = useState(false);
  const people = usePeopleToMention(list);
  const only = selection.length === 1 ? selection[0] : undefined;
  const component = useComponent(only ?? "");
  const threads = useMemo(() => threadsOf(list.filter(({ review }) => review === null)), [list]);
  const shown = threads.filter(
    ({ first }) =>
      (showResolved || first.resolvedAt === null) &&
      (component === undefined || first.anchor?.element === `components/${only}`),
  );
  const add = (text: string, mentions: string[]) =>
    comments.add({
      text,
      mentions,
      ...(component
        ? { anchor: { version: session.version, path: ["components", only as string] } }
        : {}),
    });
  return (
    <aside className={css.panel} aria-label="Comments">
      <header>
        <h2>Comments</h2>
        <label>
          <input
            type="checkbox"
            checked={showResolved}
            onChange={({ target }) => setShowResolved(target.checked)}
          />
          Resolved
        </label>
        <IconButton label="Close" size="s" onClick={() => commands.showComments(false)}>
          <X />
        </IconButton>
      </header>
      <div className={css.new}>
        <Composer
          label={component ? `Comment on ${component.name}` : "Comment on the design"}
          people={people}
          autoFocus
          onSubmit={add}
        />
      </div>
      <ol className={css.threads} aria-label="Threads">
        {shown.length === 0 ? (
          <li className={css.none}>
            {component
              ? `Nobody has commented on ${component.name}.`
              : "There are no comments yet."}
          </li>
        ) : null}
        {shown.map((thread) => (
          <ThreadItem key={thread.first.id} thread={thread} people={people} />
        ))}
      </ol>
    </aside>
  );
}

function ThreadItem({ thread, people }: { thread: Thread<Comment>; people: readonly User[] }) {
  const { commands, comments, session } = useWorkspace();
  useOutline();
  const { first, replies } = thread;
  const { anchor, resolvedAt } = first;
  const [answering, setAnswering] = useState(false);
  const [section, id] = anchor ? elementPath(anchor.element) : [];
  const target =
    section === "components" && id !== undefined ? session.mirror.get("components", id) : undefined;
  const attempt = (run: Promise<void>) =>
    run.catch((error: Error) => session.tell("error", error.message));
  return (
    <li className={css.thread} data-resolved={resolvedAt !== null}>
      <div className={css.target}>
        {target && id !== undefined ? (
          <button type="button" onClick={() => commands.select([id])}>
            {target.name}
          </button>
        ) : (
          <span>{anchor ? "On something deleted" : "The design"}</span>
        )}
        <IconButton
          label={resolvedAt === null ? "Resolve" : "Open again"}
          size="s"
          onClick={() => attempt(comments.change(first.id, { resolved: resolvedAt === null }))}
        >
          {resolvedAt === null ? <Check /> : <RotateCcw />}
        </IconButton>
      </div>
      {[first, ...replies].map((each) => (
        <Remark key={each.id} comment={each} onRemove={() => attempt(comments.remove(each.id))} />
      ))}
      {answering ? (
        <Composer
          label="Reply"
          people={people}
          autoFocus
          onSubmit={async (text, mentions) => {
            await comments.add({ text, mentions, thread: first.id });
            setAnswering(false);
          }}
          onCancel={() => setAnswering(false)}
        />
      ) : (
        <button type="button" className={css.reply} onClick={() => setAnswering(true)}>
          Reply
        </button>
      )}
    </li>
  );
}

/** Everybody of the house, where one may know them; in any case those who are here or have spoken. */
function usePeopleToMention(list: readonly Comment[]): readonly User[] {
  const { me } = useWorkspace();
  const here = usePeople();
  const [known, setKnown] = useState<readonly User[]>([]);
  useEffect(() => {
    rest.people().then(setKnown, () => {});
  }, []);
  return useMemo(() => {
    const people = new Map<string, User>();
    const all = [...known, ...here.map(({ user }) => user), ...list.map(({ author }) => author)];
    for (const each of all) if (each.id !== me.id) people.set(each.id, each);
    return [...people.values()];
  }, [known, here, list, me]);
}
