/** What menus, keys and drags do. Each command is one gesture, said aloud and undone as one. */
import { chunks } from "../model/chunks";
import { addData, DATA_WORDS, type DataSection, duplicateData, removeData } from "../model/data";
import type { Component, Element, Json, Owner } from "../model/document";
import { elementOf, elementPath } from "../model/document";
import { randomId } from "../model/ids";
import {
  addPage,
  besides,
  copyComponents,
  duplicateComponents,
  editText,
  freePageName,
  type Inserted,
  IntentFault,
  insertComponent,
  moveComponents,
  movePage,
  nudge,
  pasteComponents,
  readClip,
  removeComponents,
  removePage,
  setInAll,
  setValue,
  type Target,
  targetFor,
} from "../model/intents";
import type { Op, Path } from "../model/op";
import { bringBack, type Removed, type Written } from "../model/removals";
import { ancestors, componentsOfPage, pageOf } from "../model/view";
import { type RestError, rest, type Tool } from "../sync/rest";
import { Leasing } from "./leasing";
import { CHECK, type Panel, type Sheet, showPanel } from "./ui";
import type { Workspace } from "./workspace";
import { zoomed } from "./zoom";

export class Commands {
  readonly leasing: Leasing;
  private clip: string | null = null;

  constructor(private readonly workspace: Workspace) {
    this.leasing = new Leasing(workspace);
  }

  private get mirror() {
    return this.workspace.session.mirror;
  }

  page(): string | undefined {
    const { page } = this.workspace.ui.getState();
    const pages = this.mirror.pages();
    return page !== null && pages.includes(page) ? page : pages[0];
  }

  selection(): string[] {
    const { selection } = this.workspace.ui.getState();
    return selection.filter((id) => this.mirror.get("components", id));
  }

  say(said: string): void {
    // A repeated sentence must differ to be read out again.
    const before = this.workspace.ui.getState().said;
    this.workspace.ui.setState({ said: before === said ? `${said}\u00a0` : said });
  }

  // --- selection --------------------------------------------------------------------------------

  select(ids: readonly string[]): void {
    const { ui } = this.workspace;
    const page = ids[0] === undefined ? undefined : pageOf(this.mirror, ids[0]);
    ui.setState(
      page === undefined || page === this.page() ? { selection: ids } : { selection: ids, page },
    );
  }

  toggle(id: string): void {
    const selection = this.selection();
    this.select(
      selection.includes(id) ? selection.filter((each) => each !== id) : [...selection, id],
    );
  }

  selectAll(): void {
    const page = this.page();
    if (page !== undefined) this.select(this.mirror.children(`pages/${page}`));
  }

  /** Walks the tree from the selection: its siblings, its parent, its first child. */
  walk(to: "next" | "previous" | "parent" | "child"): void {
    const page = this.page();
    if (page === undefined) return;
    const current = this.selection().at(-1);
    const component = current === undefined ? undefined : this.mirror.get("components", current);
    let found: string | undefined;
    if (current === undefined || !component) {
      found = this.mirror.children(`pages/${page}`)[0];
    } else if (to === "parent") {
      found = ancestors(this.mirror, current)[0];
    } else if (to === "child") {
      found = this.mirror.children(`components/${current}`)[0];
    } else {
      const list = componentsOfPage(this.mirror, page);
      found = list[list.indexOf(current) + (to === "next" ? 1 : -1)];
    }
    if (found === undefined) return;
    this.select([found]);
    this.say(this.describe(found));
  }

  showPage(page: string): void {
    this.workspace.ui.setState({ page, selection: [] });
    this.say(`Page ${this.mirror.get("pages", page)?.name ?? ""}`);
  }

  // --- components -------------------------------------------------------------------------------

  insert(typeName: string, target?: Target): void {
    const { types } = this.workspace;
    const page = this.page();
    const type = types.latest(typeName);
    if (page === undefined || !type) return;
    this.attempt(() => {
      const place =
        target ?? targetFor(this.mirror, types, page, this.selection().at(-1), typeName);
      const inserted = insertComponent(this.mirror, type, place, randomId);
      if (this.submit(inserted.op, `Add ${type.title}`)) {
        this.select(inserted.ids);
        this.say(`${this.describe(inserted.ids[0])} added`);
      }
    });
  }

  move(ids: readonly string[], target: Target): void {
    this.attempt(() => {
      const op = moveComponents(this.mirror, this.workspace.types, ids, target);
      if (op.length > 0 && this.submit(op, `Move ${this.label(ids)}`)) {
        this.select(ids);
        this.say(`${this.label(ids)} moved`);
      }
    });
  }

  nudge(step: "up" | "down" | "out" | "in"): void {
    const id = this.selection().at(-1);
    if (id === undefined) return;
    this.attempt(() => {
      const op = nudge(this.mirror, this.workspace.types, id, step);
      if (op.length === 0) return this.say(`${this.label([id])} cannot move ${step}`);
      if (this.submit(op, `Move ${this.label([id])}`))
        this.say(`${this.label([id])} moved ${step}`);
    });
  }

  remove(): void {
    const ids = this.selection();
    const [first] = ids;
    if (first === undefined) return;
    const label = this.label(ids);
    const parent = ancestors(this.mirror, first)[0];
    if (this.submit(removeComponents(this.mirror, ids), `Delete ${label}`)) {
      this.select(parent === undefined ? [] : [parent]);
      this.say(`${label} deleted`);
    }
  }

  /** Puts back what another deleted. */
  bringBack(removed: Removed, written: Written | null): void {
    const op = bringBack(this.mirror, removed, written);
    const [first] = op;
    if (!first) return;
    const label = op.length === 1 ? "Bring back a component" : `Bring back ${op.length} components`;
    const gesture = randomId("e");
    const all = chunks(op).every((piece) =>
      this.workspace.session.submit({ op: piece, label, gesture }),
    );
    if (!all) {
      this.workspace.session.tell("warning", "It cannot be brought back.");
      return;
    }
    const ids = op.map(({ p }) => String(p[1]));
    const roots = ids.filter((id) => !ids.includes(ancestors(this.mirror, id)[0] ?? ""));
    this.select(roots);
    this.say(`${this.label(roots)} brought back`);
  }

  duplicate(): void {
    const ids = this.selection();
    if (ids.length === 0) return;
    this.attempt(() =>
      this.put(
        duplicateComponents(this.mirror, this.workspace.types, ids, randomId),
        `Duplicate ${this.label(ids)}`,
      ),
    );
  }

  /** The clipboard text for the selection, or undefined when nothing is selected. */
  copy(): string | undefined {
    const ids = this.selection();
    if (ids.length === 0) return undefined;
    this.clip = JSON.stringify(copyComponents(this.mirror, ids));
    this.say(`${this.label(ids)} copied`);
    return this.clip;
  }

  cut(): string | undefined {
    const text = this.copy();
    if (text !== undefined) this.remove();
    return text;
  }

  /** Pastes `text`, or what was copied in this tab when the system gives no text. */
  paste(text: string | null): void {
    const clip = readClip(text ?? this.clip ?? "");
    const page = this.page();
    if (page === undefined) return;
    if (!clip) {
      if (text !== null) {
        this.workspace.session.tell("info", "There are no components on the clipboard.");
      }
      return;
    }
    this.attempt(() => {
      const { types } = this.workspace;
      const first = clip.components[clip.roots[0] ?? ""] as Component | undefined;
      const selected = this.selection().at(-1);
      // Pasting what is selected means: beside it, not into itself.
      const target =
        selected !== undefined && clip.roots.includes(selected)
          ? besides(this.mirror, selected)
          : targetFor(this.mirror, types, page, selected, first?.type ?? "");
      this.put(pasteComponents(this.mirror, types, clip, target, randomId), "Paste");
    });
  }

  get canPaste(): boolean {
    return this.clip !== null;
  }

  private put({ op, ids }: Inserted, label: string): void {
    if (!this.submit(op, label)) return;
    this.select(ids);
    this.say(`${this.label(ids)} added`);
  }

  // --- values -----------------------------------------------------------------------------------

  set(element: Element, path: Path, value: Json | undefined, label: string): boolean {
    return this.submit(setValue(this.mirror, element, path, value), label);
  }

  /** Sets a property of many components as one edit. */
  setInAll(ids: readonly string[], path: Path, value: Json | undefined, label: string): void {
    this.attempt(() => {
      this.submit(setInAll(this.mirror, ids, path, value), label);
    });
  }

  /**
   * Renames a component, query or script with all that calls it: a command of the server, which
   * alone can change the references of others' unsent edits too.
   */
  async rename(element: Element, name: string): Promise<void> {
    const { session } = this.workspace;
    const old = this.nameOf(element);
    const label = `Rename ${old}`;
    if (!(await session.saved())) {
      if (!this.set(element, ["name"], name, label)) return;
      const why = "Expressions that call it were not changed: the server cannot be reached.";
      session.tell("warning", `${old} is now ${name}. ${why}`, element);
      return;
    }
    try {
      const { leftovers } = await rest.renameElement(session.id, element, name);
      this.renamed(element, old, name, leftovers);
    } catch (error) {
      const { code, message } = error as RestError;
      session.refuse({ code, message, label, element, path: ["name"], text: name });
    }
  }

  private renamed(element: Element, old: string, name: string, leftovers: readonly Path[]): void {
    const { session } = this.workspace;
    const back = { label: "Rename back", run: () => void this.rename(element, old) };
    this.say(`${old} renamed to ${name}`);
    const places = [...new Set(leftovers.map((path) => this.nameOf(elementOf(path))))];
    if (places.length === 0) {
      session.tell("info", `${old} is now ${name}, also where it is called.`, element, back);
    } else {
      const where = places.slice(0, 5).join(", ");
      session.tell(
        "warning",
        `${old} is now ${name}, but still called ${old} in ${where}.`,
        elementOf(leftovers[0] as Path),
        back,
      );
    }
  }

  /** A keystroke in a free text. `gesture` stays the same from one pause to the next. */
  type(
    element: Element,
    path: Path,
    text: string,
    caret: number | undefined,
    gesture: string,
    label: string,
  ): boolean {
    const op = editText(this.mirror, element, path, text, caret);
    return this.workspace.session.submit({ op, label, gesture, typing: gesture });
  }

  /** Keystrokes that an editor has already told as an op. */
  typed(op: Op, gesture: string, label: string): boolean {
    return this.workspace.session.submit({ op, label, gesture, typing: gesture });
  }

  edit(op: Op, label: string): boolean {
    return this.submit(op, label);
  }

  // --- pages ------------------------------------------------------------------------------------

  addPage(): void {
    const name = freePageName(this.mirror);
    const { op, ids } = addPage(this.mirror, name, randomId);
    if (ids[0] !== undefined && this.submit(op, `Add ${name}`)) this.showPage(ids[0]);
  }

  movePage(id: string, index: number): void {
    const name = this.mirror.get("pages", id)?.name ?? "page";
    const op = movePage(this.mirror, id, index);
    if (op.length > 0 && this.submit(op, `Move ${name}`)) {
      this.say(`${name} is page ${index + 1} of ${this.mirror.pages().length}`);
    }
  }

  removePage(id: string): void {
    const name = this.mirror.get("pages", id)?.name ?? "page";
    this.attempt(() => {
      if (this.submit(removePage(this.mirror, id), `Delete ${name}`)) this.say(`${name} deleted`);
    });
  }

  // --- queries, scripts, data sources -----------------------------------------------------------

  /** Shows what is wrong with the design, below the canvas. */
  check(): void {
    this.workspace.ui.setState({ open: CHECK });
  }

  /** Hands the design to the browser as a file. */
  exportFile(to: Tool | null): void {
    const { session } = this.workspace;
    const name = this.mirror.single("meta")?.name ?? "design";
    rest.exported(session.id, to).then(
      (file) => {
        saveFile(`${name}.${to ?? "coweave"}.json`, JSON.stringify(file, null, 2));
        this.say(`${name} exported`);
      },
      (error: RestError) => session.tell("error", error.message),
    );
  }

  open(element: Element | null): void {
    this.workspace.ui.setState({ open: element });
    if (element !== null) this.say(`${this.nameOf(element)} opened`);
  }

  addData(section: DataSection): void {
    const { op, ids } = addData(this.mirror, section, this.page() ?? null, randomId);
    if (this.submit(op, `Add ${DATA_WORDS[section].one}`)) this.open(`${section}/${ids[0]}`);
  }

  duplicateData(element: Element): void {
    const [section] = elementPath(element);
    const { op, ids } = duplicateData(this.mirror, element, randomId);
    if (ids.length > 0 && this.submit(op, `Duplicate ${this.nameOf(element)}`)) {
      this.open(`${section}/${ids[0]}`);
    }
  }

  removeData(element: Element): void {
    const name = this.nameOf(element);
    const op = removeData(this.mirror, element);
    if (op.length === 0 || !this.submit(op, `Delete ${name}`)) return;
    if (this.workspace.ui.getState().open === element) this.workspace.ui.setState({ open: null });
    this.say(`${name} deleted`);
  }

  private nameOf(element: Element): string {
    const name = this.mirror.at([...elementPath(element), "name"]);
    return typeof name === "string" ? name : "it";
  }

  // --- history ----------------------------------------------------------------------------------

  undo(): void {
    const label = this.workspace.session.undo();
    if (label !== undefined) this.say(`Undone: ${label}`);
  }

  redo(): void {
    const label = this.workspace.session.redo();
    if (label !== undefined) this.say(`Done again: ${label}`);
  }

  showPanel(panel: Panel): void {
    showPanel(this.workspace.ui, panel);
  }

  showSheet(sheet: Sheet | null): void {
    this.workspace.ui.setState({ sheet });
  }

  showComments(commenting: boolean): void {
    this.workspace.ui.setState({ commenting });
  }

  zoom(to: "in" | "out" | "reset"): void {
    const { ui } = this.workspace;
    const zoom = to === "reset" ? 1 : zoomed(ui.getState().zoom, to);
    ui.setState({ zoom });
    this.say(`Zoom ${Math.round(zoom * 100)}%`);
  }

  // --- words ------------------------------------------------------------------------------------

  /** "Button1", or "3 components". */
  label(ids: readonly string[]): string {
    const [first] = ids;
    if (ids.length === 1 && first !== undefined) {
      return this.mirror.get("components", first)?.name ?? "component";
    }
    return `${ids.length} components`;
  }

  private describe(id: string | undefined): string {
    const component = id === undefined ? undefined : this.mirror.get("components", id);
    if (!component) return "";
    const title = this.workspace.types.of(component)?.title ?? component.type;
    return `${component.name}, ${title}`;
  }

  ownerLabel(owner: Owner): string {
    const [section, id] = owner.split("/") as ["pages" | "components", string];
    return this.mirror.get(section, id)?.name ?? "";
  }

  private submit(op: Op, label: string): boolean {
    const { session } = this.workspace;
    const taken = session.submit({ op, label });
    if (!taken && !session.wasGuarded) {
      session.tell("warning", `${label}: others changed that just now.`);
    }
    return taken;
  }

  private attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof IntentFault)) throw error;
      this.workspace.session.tell("warning", error.message);
    }
  }
}

function saveFile(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name.replace(/[/\\:*?"<>|]/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still be reading it
}
