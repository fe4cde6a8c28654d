/** The pages: the list of designs, one design, its history, and the people. */
import { useSyncExternalStore } from "react";
import { Watched } from "./model/watched";
import { asPerson } from "./sync/rest";

export type Place =
  | { kind: "designs"; trash: boolean }
  | { kind: "design"; id: string }
  | { kind: "history"; id: string }
  | { kind: "people" };

function read(): string {
  return location.pathname + location.search;
}

const address = new Watched(read());
addEventListener("popstate", () => address.set(read()));

export function placeOf(path: string, search: string): Place {
  const match = /^\/designs\/([^/]+)(\/history)?\/?$/.exec(path);
  if (match?.[1] !== undefined) {
    return { kind: match[2] ? "history" : "design", id: decodeURIComponent(match[1]) };
  }
  if (path === "/people") return { kind: "people" };
  return { kind: "designs", trash: new URLSearchParams(search).has("trash") };
}

/** The address of a place; the person named in the address stays named. */
export function hrefOf(place: Place): string {
  if (place.kind === "people") return asPerson("/people");
  if (place.kind !== "designs") {
    const path = `/designs/${encodeURIComponent(place.id)}`;
    return asPerson(place.kind === "history" ? `${path}/history` : path);
  }
  return asPerson(place.trash ? "/?trash=1" : "/");
}

export function go(place: Place): void {
  history.pushState(null, "", hrefOf(place));
  address.set(read());
}

/** For links that should not load the page anew, but open in a new tab when asked to. */
export function follow(place: Place) {
  return {
    href: hrefOf(place),
    onClick(event: React.MouseEvent) {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      go(place);
    },
  };
}

export function usePlace(): Place {
  useSyncExternalStore(address.subscribe, address.get);
  return placeOf(location.pathname, location.search);
}
