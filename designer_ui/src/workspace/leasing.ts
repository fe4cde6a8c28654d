/** What one does with leases: take, give back, ask for, take over; and what others' keep one from. */
import type { Element } from "../model/document";
import { elementPath } from "../model/document";
import { closedBy, type Lease, leaseOn, refusedBy } from "../model/leases";
import type { Op } from "../model/op";
import type { LeaseFault, LeaseNews } from "../sync/leases";
import type { Workspace } from "./workspace";

/** The same reason is not told again for each key. */
const QUIET_MS = 4_000;

export class Leasing {
  private told = { text: "", at: -QUIET_MS };

  constructor(private readonly workspace: Workspace) {}

  private get mirror() {
    return this.workspace.session.mirror;
  }

  private get all() {
    return this.workspace.leases.state.get().leases;
  }

  /** What covers an element, whoever's it is. */
  on(element: Element): Lease | undefined {
    return leaseOn(this.mirror, this.all, element);
  }

  isMine(lease: Lease): boolean {
    return lease.holder.id === this.workspace.me.id;
  }

  /** Another's lease that keeps one from editing an element. */
  closed(element: Element): Lease | undefined {
    return closedBy(this.mirror, this.all, this.workspace.me.id, element);
  }

  /** Why an edit would be refused, for the session to ask before it makes one. */
  fault = (op: Op): string | undefined => {
    const refused = refusedBy(this.mirror, this.all, this.workspace.me.id, op);
    return refused && this.words(refused.element, refused.lease);
  };

  /** Whether these may be dragged; says why not. */
  mayMove(ids: readonly string[]): boolean {
    const op = ids.map((id) => ({ p: ["components", id, "place"] })) as Op;
    const fault = this.fault(op);
    if (fault !== undefined) this.tell(fault);
    return fault === undefined;
  }

  /** Says why something was not done, once for a while. */
  tell(text: string): void {
    const at = performance.now();
    if (text === this.told.text && at - this.told.at < QUIET_MS) return;
    this.told = { text, at };
    this.workspace.session.tell("warning", text);
  }

  take(elements: readonly Element[], contents = false): void {
    if (elements.length === 0) return;
    const names = this.names(elements);
    const body = { elements, kind: "hard", contents };
    this.run("take", body, `${names} locked for you${contents ? ", with contents" : ""}`);
  }

  /** Shows that one is at it; others may edit all the same. */
  mark(elements: readonly Element[]): void {
    if (elements.length === 0) return;
    this.run("take", { elements, kind: "soft" }, `${this.names(elements)} marked as yours`);
  }

  release(elements: readonly Element[]): void {
    if (elements.length > 0) this.run("release", { elements }, `${this.names(elements)} released`);
  }

  /** Takes what is selected, or gives it back if one has it all. */
  toggle(ids: readonly string[]): void {
    const elements = ids.map((id): Element => `components/${id}`);
    const own = elements.filter((element) => this.isOwn(element));
    if (own.length === elements.length) this.release(own);
    else this.take(elements);
  }

  isOwn(element: Element): boolean {
    return this.all.some((lease) => lease.element === element && this.isMine(lease));
  }

  /** Resolves when it is done; rejects with words for the dialog. */
  takeOver(element: Element, reason: string): Promise<void> {
    const covering = this.on(element);
    const contents = covering?.element === element && covering.contents;
    return this.workspace.leases
      .call("takeover", { elements: [element], reason, contents })
      .then(() => this.say(`${this.name(element)} taken over`));
  }

  ask(element: Element, text: string): Promise<void> {
    const lease = this.on(element);
    return this.workspace.leases
      .call("ask", { element: lease?.element ?? element, text })
      .then(() => this.say(`${lease?.holder.name || "The holder"} was asked`));
  }

  /** What others did that concerns one's own leases. */
  heard = ({ code, element, by, text, message }: LeaseNews): void => {
    const { session } = this.workspace;
    const name = this.name(element);
    if (code === "lease-asked") {
      const said = text ? `: “${text}”` : ".";
      const act = { label: `Release ${name}`, run: () => this.release([element]) };
      session.tell("info", `${by} asks you for ${name}${said}`, element, act);
    } else if (code === "lease-taken-over") {
      session.tell("warning", `${by} has taken over ${name}: “${text}”`, element);
    } else {
      session.tell("info", `${name}: ${message}`, element);
    }
  };

  /** Reads out whose locks came and went. */
  changed(before: readonly Lease[], after: readonly Lease[]): void {
    const come = after.filter(
      (lease) => !this.isMine(lease) && !before.some((each) => each.token === lease.token),
    );
    const gone = before.filter(
      (lease) => !this.isMine(lease) && !after.some((each) => each.element === lease.element),
    );
    const said = [
      ...come.map(({ kind, holder, element }) => {
        const does = kind === "hard" ? "has locked" : "is editing";
        return `${holder.name} ${does} ${this.name(element)}`;
      }),
      ...gone.map((lease) => `${this.name(lease.element)} is free again`),
    ];
    if (said.length > 0) this.say(said.slice(0, 3).join(". "));
  }

  name(element: Element): string {
    const name = this.mirror.at([...elementPath(element), "name"]);
    return typeof name === "string" ? name : element;
  }

  private names(elements: readonly Element[]): string {
    const [first] = elements;
    return elements.length === 1 && first ? this.name(first) : `${elements.length} elements`;
  }

  private words(element: Element, lease: Lease): string {
    const who = lease.holder.name || "Somebody else";
    const what = this.name(lease.element);
    if (lease.element === element) return `${who} has locked ${what}.`;
    return `${who} has locked ${what} with all that is in it.`;
  }

  private run(what: "take" | "release", body: object, said: string): void {
    this.workspace.leases.call(what, body).then(
      () => this.say(said),
      (fault: LeaseFault) => this.tell(fault.message),
    );
  }

  private say(said: string): void {
    this.workspace.commands.say(said);
  }
}
