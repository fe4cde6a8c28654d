import { Check, CircleDot, GitMerge, MessageSquareWarning, X } from "lucide-react";
import { useCallback, useState } from "react";
import { Button } from "../components/Button";
import { Composer } from "../panels/comments/Composer";
import { Remark } from "../panels/comments/Remark";
import { commentRest } from "../sync/comments";
import { type Review, reviewRest, type Verdict } from "../sync/reviews";
import { CompareBody } from "./CompareBody";
import { GateList } from "./GateList";
import css from "./History.module.css";
import { Pick } from "./Pick";
import { when } from "./Timeline";
import { useBranch } from "./useBranch";
import { useComparison } from "./useComparison";
import { useLoaded } from "./useLoaded";
import type { TabProps } from "./VersionsTab";

const ICONS = { open: CircleDot, merged: GitMerge, closed: X };

/** Who asked whom to look at what, and what they said. */
export function ReviewsTab(props: TabProps) {
  const { id, onSay } = props;
  const load = useCallback(() => reviewRest.list(id), [id]);
  const { value, fault, reload } = useLoaded(load);
  const [picked, setPicked] = useState<string | null>(null);
  const reviews = value ?? [];
  const review = reviews.find((each) => each.id === picked) ?? reviews[0];
  return (
    <>
      <aside className={css.side} aria-label="Reviews">
        <span />
        <Pick
          label="Reviews"
          items={reviews}
          keyOf={(each) => each.id}
          picked={review ?? null}
          onPick={(each) => setPicked(each.id)}
          none="Nobody has asked for a review. A branch has a button for it."
        >
          {(each) => {
            const Icon = ICONS[each.state];
            return (
              <>
                <Icon aria-hidden="true" />
                <div>
                  <p>{each.title}</p>
                  <small>
                    {each.createdBy.name} · {when(each.createdAt)} · {each.state}
                  </small>
                </div>
              </>
            );
          }}
        </Pick>
      </aside>
      <main className={css.main}>
        {fault === null ? null : <p role="alert">{fault}</p>}
        {review ? (
          <ReviewView
            key={review.id}
            {...props}
            review={review}
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

interface ReviewViewProps extends TabProps {
  review: Review;
  onDone(said: string): Promise<void>;
}

function ReviewView(props: ReviewViewProps) {
  const { id, review, onDone } = props;
  const load = useCallback(() => reviewRest.one(id, review.id), [id, review.id]);
  const { value, fault, reload } = useLoaded(load);
  const [refused, setRefused] = useState<string | null>(null);
  const [judging, setJudging] = useState<Verdict["verdict"] | null>(null);
  const shown = value ?? review;
  const { title, description, createdBy, createdAt, reviewers, state } = shown;
  const judge = async (verdict: Verdict["verdict"], text: string) => {
    setRefused(null);
    try {
      await reviewRest.judge(id, shown, verdict, text);
      setJudging(null);
      await onDone(verdict === "approve" ? "Approved" : "Changes requested");
    } catch (error) {
      setRefused((error as Error).message);
    } finally {
      // It may have changed since it was looked at: then it is shown as it is now.
      await reload();
    }
  };
  return (
    <>
      <div className={css.head}>
        <div className={css.title}>
          <h2>{title}</h2>
          <p>
            {createdBy.name} asked {reviewers.map((each) => each.name).join(", ") || "everybody"}{" "}
            {when(createdAt)} · {state} · version {shown.version}
          </p>
          {description === "" ? null : <p className={css.note}>{description}</p>}
        </div>
        {state === "open" ? (
          <div className={css.actions}>
            <Button
              icon={<MessageSquareWarning />}
              aria-pressed={judging === "request-changes"}
              onClick={() => setJudging("request-changes")}
            >
              Request changes…
            </Button>
            <Button look="primary" icon={<Check />} onClick={() => judge("approve", "")}>
              Approve
            </Button>
          </div>
        ) : null}
      </div>
      {(fault ?? refused) === null ? null : <p role="alert">{refused ?? fault}</p>}
      <div className={css.before}>
        {judging ? (
          <Composer
            label="What should change"
            people={[]}
            action="Request changes"
            autoFocus
            onSubmit={(text) => judge(judging, text)}
            onCancel={() => setJudging(null)}
          />
        ) : null}
        {shown.gate && state === "open" ? <GateList gate={shown.gate} /> : null}
        <Verdicts verdicts={shown.verdicts} />
        <ReviewComments {...props} />
      </div>
      {shown.branch === null ? (
        <BetweenVersions {...props} from={shown.from ?? 0} to={shown.to ?? shown.version} />
      ) : (
        <OnBranch {...props} branch={shown.branch} />
      )}
    </>
  );
}

function Verdicts({ verdicts }: { verdicts: readonly Verdict[] }) {
  if (verdicts.length === 0) return null;
  return (
    <ul className={css.verdicts} aria-label="Verdicts">
      {verdicts.map((each) => (
        <li key={each.by.id} data-stale={each.stale}>
          <b>{each.by.name}</b> {each.verdict === "approve" ? "approved" : "asked for changes to"}{" "}
          version {each.version} {when(each.at)}
          {each.stale ? ", which has changed since" : ""}
          {each.text === "" ? null : <q>{each.text}</q>}
        </li>
      ))}
    </ul>
  );
}

function ReviewComments({ id, review, me }: ReviewViewProps) {
  const load = useCallback(
    () => commentRest.list(review.branch ?? id, review.id),
    [id, review.branch, review.id],
  );
  const { value, reload } = useLoaded(load);
  const people = [review.createdBy, ...review.reviewers, ...review.contributors].filter(
    (each, i, all) => each.id !== me.id && all.findIndex((other) => other.id === each.id) === i,
  );
  return (
    <section className={css.talk} aria-label="Comments">
      {(value ?? []).map((each) => (
        <Remark key={each.id} comment={each} />
      ))}
      <Composer
        label="Comment on this review"
        people={people}
        onSubmit={async (text, mentions) => {
          await commentRest.add(review.branch ?? id, { text, mentions, review: review.id });
          await reload();
        }}
      />
    </section>
  );
}

function OnBranch({ id, branch, types, me }: TabProps & { branch: string }) {
  const { value } = useBranch(id, branch, types, me);
  return <CompareBody comparison={value?.comparison ?? null} />;
}

function BetweenVersions({ id, types, me, from, to }: TabProps & { from: number; to: number }) {
  const { comparison } = useComparison(id, from, to, types, me);
  return <CompareBody comparison={comparison} />;
}
