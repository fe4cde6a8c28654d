import { Trash2 } from "lucide-react";
import { Avatar } from "../../components/Avatar";
import { IconButton } from "../../components/Button";
import { since } from "../../components/time";
import { partsOf } from "../../model/threads";
import type { Comment } from "../../sync/comments";
import { colorFor } from "../../sync/presence";
import css from "./Comments.module.css";

/** One comment, with whom it calls marked in it. */
export function Remark({ comment, onRemove }: { comment: Comment; onRemove?(): void }) {
  const { author, at, text, mentions, editedAt } = comment;
  return (
    <article className={css.remark} aria-label={`${author.name}’s comment`}>
      <Avatar name={author.name} color={colorFor(author.id)} size="s" />
      <div>
        <p className={css.by}>
          <b>{author.name}</b> <time>{since(at, Date.now())}</time>
          {editedAt === null ? null : " (edited)"}
        </p>
        <p className={css.text}>
          {partsOf(text, mentions).map((part, i) =>
            part.mention ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a part is nothing but its place in the text
              <b key={i}>{part.text}</b>
            ) : (
              part.text
            ),
          )}
        </p>
      </div>
      {onRemove ? (
        <IconButton label="Delete comment" size="s" onClick={onRemove}>
          <Trash2 />
        </IconButton>
      ) : null}
    </article>
  );
}
