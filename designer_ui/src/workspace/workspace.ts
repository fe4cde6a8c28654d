/** Everything the views of one open design share. */
import {
  createContext,
  useCallback,
  useContext,
  useMemo,
  useRef,
  useSyncExternalStore,
} from "react";
import { useStore } from "zustand";
import { type DataSection, dataOn } from "../model/data";
import type { Component, DesignDocument, Element, Owner, Page } from "../model/document";
import type { Watch } from "../model/mirror";
import type { PropertyChecker } from "../model/schema";
import type { TypeCatalog } from "../model/types";
import type { Watched } from "../model/watched";
import type { Comments } from "../sync/comments";
import type { DesignLeases } from "../sync/leases";
import type { DesignPresence, Person } from "../sync/presence";
import { type Refusal, refusalsAt } from "../sync/refusals";
import type { User } from "../sync/rest";
import type { DesignSession } from "../sync/session";
import type { Commands } from "./commands";
import type { Ui, UiStore } from "./ui";

export interface Workspace {
  session: DesignSession;
  presence: DesignPresence;
  comments: Comments;
  leases: DesignLeases;
  types: TypeCatalog;
  checker: PropertyChecker;
  ui: UiStore;
  commands: Commands;
  me: User;
}

const Context = createContext<Workspace | null>(null);
export const WorkspaceProvider = Context.Provider;

export function useWorkspace(): Workspace {
  const workspace = useContext(Context);
  if (!workspace) throw new Error("There is no open design around this view.");
  return workspace;
}

export function useUi<T>(select: (ui: Ui) => T): T {
  return useStore(useWorkspace().ui, select);
}

export function useWatched<T>(watched: Watched<T>): T {
  return useSyncExternalStore(watched.subscribe, watched.get);
}

function useMirror<T>(watch: Watch, read: () => T): T {
  const { mirror } = useWorkspace().session;
  const subscribe = useCallback(
    (listener: () => void) => mirror.subscribe(watch, listener),
    [mirror, watch],
  );
  return useSyncExternalStore(subscribe, read);
}

export function useComponent(id: string): Component | undefined {
  const { mirror } = useWorkspace().session;
  return useMirror(`components/${id}`, () => mirror.get("components", id));
}

/** Several components; rendered again when one of them changes. */
export function useComponents(ids: readonly string[]): readonly Component[] {
  const { mirror } = useWorkspace().session;
  const version = useRef(0);
  const subscribe = useCallback(
    (listener: () => void) => {
      const heard = () => {
        version.current++;
        listener();
      };
      const stops = ids.map((id) => mirror.subscribe(`components/${id}`, heard));
      return () => {
        for (const stop of stops) stop();
      };
    },
    [mirror, ids],
  );
  const now = useSyncExternalStore(subscribe, () => version.current);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says when one changes
  return useMemo(() => ids.flatMap((id) => mirror.get("components", id) ?? []), [mirror, ids, now]);
}

export function usePage(id: string): Page | undefined {
  const { mirror } = useWorkspace().session;
  return useMirror(`pages/${id}`, () => mirror.get("pages", id));
}

export function useChildren(owner: Owner): readonly string[] {
  const { mirror } = useWorkspace().session;
  return useMirror(`children:${owner}`, () => mirror.children(owner));
}

export function usePages(): readonly string[] {
  const { mirror } = useWorkspace().session;
  return useMirror("pageList", () => mirror.pages());
}

export function useMeta(): DesignDocument["meta"] | undefined {
  const { mirror } = useWorkspace().session;
  return useMirror("meta", () => mirror.single("meta"));
}

export function useTheme(): DesignDocument["theme"] | undefined {
  const { mirror } = useWorkspace().session;
  return useMirror("theme", () => mirror.single("theme"));
}

/** Changes whenever the tree's shape or a name in it does. */
export function useOutline(): number {
  const { mirror } = useWorkspace().session;
  return useMirror("outline", () => mirror.outline());
}

/** What is listed of a section for the page shown: its own and the app-wide ones. */
export function useDataOn(section: DataSection): readonly string[] {
  const { mirror } = useWorkspace().session;
  const page = useCurrentPage();
  const version = useMirror(`list:${section}`, () => mirror.list(section));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says when the list moves
  return useMemo(() => dataOn(mirror, section, page), [mirror, section, page, version]);
}

/** Any element as it is; new whenever it changes. */
export function useElement(element: Element): unknown {
  const { mirror } = useWorkspace().session;
  return useMirror(element, () => mirror.at(element.split("/")));
}

/** The page shown: the chosen one while it exists, else the first. */
export function useCurrentPage(): string | undefined {
  const pages = usePages();
  const chosen = useUi((ui) => ui.page);
  return chosen !== null && pages.includes(chosen) ? chosen : pages[0];
}

export function usePeople(): readonly Person[] {
  return useWatched(useWorkspace().presence.people);
}

/** Who else is in this field now. */
export function usePeopleAt(element: Element, path: readonly (string | number)[]): Person[] {
  return usePeople().filter(
    ({ field }) =>
      field?.element === element &&
      field.path.length === path.length &&
      field.path.every((step, i) => step === path[i]),
  );
}

export function useRefusal(
  element: Element,
  path: readonly (string | number)[],
): Refusal | undefined {
  return refusalsAt(useWatched(useWorkspace().session.refusals), element, path);
}
