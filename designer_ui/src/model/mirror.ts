/**
 * A copy of the document whose elements keep their identity until they change.
 *
 * json0 changes the document in place, so its objects cannot tell React what changed. The mirror
 * clones each element that an op touches and tells only that element's readers.
 */
import type {
  Component,
  DesignDocument,
  Element,
  Json,
  Owner,
  Query,
  Section,
  SectionTypes,
} from "./document";
import { elementOf, ownerOf, SECTIONS } from "./document";
import type { Op, Path } from "./op";
import { byOrder, type Ordered } from "./order";
import type { DesignView } from "./view";

/**
 * What can be watched: an element ("components/c1", "meta"), the children of an owner, the list of
 * pages or of queries (their names and pages), or anything that changes the shape of the tree or the
 * name of something in it.
 */
export type Watch =
  | Element
  | `children:${Owner}`
  | `list:${"queries" | "scripts" | "dataSources"}`
  | "pageList"
  | "outline";

type Listener = () => void;

const NOTHING: readonly string[] = [];
const SINGLES = ["meta", "settings", "theme", "libraries", "ext"] as const;
type Single = (typeof SINGLES)[number];

export class Mirror implements DesignView {
  private sections = emptySections();
  private singles = new Map<string, unknown>();
  private childSets = new Map<Owner, Set<string>>();
  private childLists = new Map<Owner, readonly string[]>();
  private pageList: readonly string[] = NOTHING;
  private outlineVersion = 0;
  private listVersions = { queries: 0, scripts: 0, dataSources: 0 };
  private listeners = new Map<Watch, Set<Listener>>();

  get<S extends Section>(section: S, id: string): SectionTypes[S] | undefined {
    return this.sections[section].get(id) as SectionTypes[S] | undefined;
  }

  single<S extends Single>(name: S): DesignDocument[S] | undefined {
    return this.singles.get(name) as DesignDocument[S] | undefined;
  }

  ids(section: Section): Iterable<string> {
    return this.sections[section].keys();
  }

  count(section: Section): number {
    return this.sections[section].size;
  }

  pages(): readonly string[] {
    return this.pageList;
  }

  /** A number that grows whenever the tree's shape, a name or a type in it changes. */
  outline(): number {
    return this.outlineVersion;
  }

  /** A number that grows whenever one comes or goes, or changes its name or page. */
  list(section: "queries" | "scripts" | "dataSources"): number {
    return this.listVersions[section];
  }

  children(owner: Owner): readonly string[] {
    let list = this.childLists.get(owner);
    if (!list) {
      list = sorted(
        this.childSets.get(owner) ?? [],
        (id) => this.get("components", id)?.place.order,
      );
      this.childLists.set(owner, list);
    }
    return list;
  }

  at(path: Path): Json | undefined {
    const section = path[0] as Section;
    let value: unknown;
    let rest: Path;
    if (SECTIONS.includes(section)) {
      value = this.sections[section].get(String(path[1]));
      rest = path.slice(2);
    } else {
      value = this.singles.get(section);
      rest = path.slice(1);
    }
    for (const step of rest) {
      if (typeof value !== "object" || value === null) return undefined;
      value = (value as { [key: string]: unknown })[step as string];
    }
    return value as Json | undefined;
  }

  subscribe(watch: Watch, listener: Listener): () => void {
    let set = this.listeners.get(watch);
    if (!set) {
      set = new Set();
      this.listeners.set(watch, set);
    }
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.listeners.get(watch) === set) this.listeners.delete(watch);
    };
  }

  /** Takes over a whole document: on load, and after the client had to throw its state away. */
  reset(document: DesignDocument): void {
    this.sections = emptySections();
    this.singles.clear();
    this.childSets.clear();
    this.childLists.clear();
    for (const section of SECTIONS) {
      for (const [id, value] of Object.entries(document[section] ?? {})) {
        this.sections[section].set(id, structuredClone(value));
      }
    }
    for (const [id, component] of this.sections.components) this.link(id, component as Component);
    for (const name of SINGLES) this.singles.set(name, structuredClone(document[name]));
    this.sortPages();
    this.outlineVersion++;
    for (const section of ["queries", "scripts", "dataSources"] as const) {
      this.listVersions[section]++;
    }
    for (const set of [...this.listeners.values()]) for (const listener of [...set]) listener();
  }

  /** Takes over what `op` changed in `document`, which already holds the result. */
  applied(op: Op, document: DesignDocument): void {
    const touched = new Set<Element>();
    for (const component of op) touched.add(elementOf(component.p));
    const told = new Set<Watch>();
    for (const element of touched) this.take(element, document, told);
    if (told.has("pageList")) this.sortPages();
    if (told.has("outline")) this.outlineVersion++;
    for (const watch of told) {
      for (const listener of [...(this.listeners.get(watch) ?? [])]) listener();
    }
  }

  private take(element: Element, document: DesignDocument, told: Set<Watch>): void {
    const [section, id] = element.split("/") as [Section, string | undefined];
    told.add(element);
    if (id === undefined) {
      this.singles.set(section, structuredClone((document as { [key: string]: unknown })[section]));
      return;
    }
    const next = structuredClone(document[section]?.[id]);
    const before = this.sections[section].get(id);
    if (next === undefined) this.sections[section].delete(id);
    else this.sections[section].set(id, next);
    if (section === "components") {
      this.relink(id, before as Component | undefined, next as Component | undefined, told);
    } else if (section === "pages") {
      told.add("pageList");
      told.add("outline");
    } else {
      const was = before as Partial<Query> | undefined;
      const is = next as Partial<Query> | undefined;
      if (was && is && was.name === is.name && was.page === is.page) return;
      this.listVersions[section]++;
      told.add(`list:${section}`);
    }
  }

  private relink(
    id: string,
    before: Component | undefined,
    next: Component | undefined,
    told: Set<Watch>,
  ): void {
    if (before?.name !== next?.name || before?.type !== next?.type) told.add("outline");
    if (
      before &&
      next &&
      ownerOf(before.place) === ownerOf(next.place) &&
      before.place.order === next.place.order &&
      before.place.slot === next.place.slot
    ) {
      return;
    }
    told.add("outline");
    if (before) {
      const owner = ownerOf(before.place);
      this.childSets.get(owner)?.delete(id);
      this.childLists.delete(owner);
      told.add(`children:${owner}`);
    }
    if (next) {
      this.link(id, next);
      told.add(`children:${ownerOf(next.place)}`);
    }
  }

  private link(id: string, component: Component): void {
    const owner = ownerOf(component.place);
    const set = this.childSets.get(owner);
    if (set) set.add(id);
    else this.childSets.set(owner, new Set([id]));
    this.childLists.delete(owner);
  }

  private sortPages(): void {
    const list = sorted(this.sections.pages.keys(), (id) => this.get("pages", id)?.order);
    const same =
      list.length === this.pageList.length && list.every((id, i) => id === this.pageList[i]);
    if (!same) this.pageList = list;
  }
}

function emptySections(): { [S in Section]: Map<string, SectionTypes[S]> } & {
  [S in Section]: Map<string, unknown>;
} {
  return {
    pages: new Map(),
    components: new Map(),
    queries: new Map(),
    scripts: new Map(),
    dataSources: new Map(),
  };
}

function sorted(
  ids: Iterable<string>,
  order: (id: string) => string | undefined,
): readonly string[] {
  const items: Ordered[] = [];
  for (const id of ids) items.push({ id, order: order(id) ?? "" });
  return items.length === 0 ? NOTHING : items.sort(byOrder).map((item) => item.id);
}
