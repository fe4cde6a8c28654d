/** A small design for tests of the model. */
import type { DesignDocument } from "./document";
import type { NewId } from "./ids";
import { Mirror } from "./mirror";
import type { Op } from "./op";
import { apply } from "./op";
import { TypeCatalog } from "./types";

const anything = { accepts: ["*"], title: "Content" };

function type(name: string, slots = {}, props = {}) {
  return {
    type: name,
    version: 1,
    pack: "core",
    title: name,
    category: "Layout",
    icon: "",
    slots,
    defaults: { props },
    events: [],
    schema: {},
  };
}

export const catalog = new TypeCatalog({
  types: [
    type("Container", { content: anything }),
    type("Card", {
      header: { title: "Header", accepts: ["Text"] },
      content: anything,
    }),
    type("Button", {}, { label: "Button" }),
    type("Text", {}, { text: "Text" }),
  ],
  shared: {},
});

export function sample(): DesignDocument {
  const component = (name: string, place: object, props = {}, kind = "Button") => ({
    type: kind,
    typeVersion: 1,
    name,
    place,
    props,
  });
  return {
    format: "coweave-design",
    formatVersion: 1,
    meta: { name: "Sample" },
    settings: {},
    theme: {},
    libraries: {},
    pages: {
      p1: { name: "One", order: "a0", settings: {} },
      p2: { name: "Two", order: "a1", settings: {} },
    },
    components: {
      box: component("Box", { page: "p1", slot: "content", order: "a0" }, {}, "Container"),
      b1: component("Button1", { parent: "box", slot: "content", order: "a0" }, { label: "Save" }),
      b2: component("Button2", { parent: "box", slot: "content", order: "a1" }, { label: "Go" }),
      b3: component("Button3", { page: "p1", slot: "content", order: "a1" }, { label: "Stop" }),
    },
    queries: {
      q1: { name: "getAll", page: null, dataSource: "d1", kind: "sql", body: "", config: {} },
    },
    scripts: {},
    dataSources: {},
  } as unknown as DesignDocument;
}

/** A document with its mirror, changed together as the client does it. */
export class Bench {
  readonly document = sample();
  readonly mirror = new Mirror();

  constructor() {
    this.mirror.reset(this.document);
  }

  run(op: Op): void {
    apply(this.document, op);
    this.mirror.applied(op, this.document);
  }
}

export function counter(): NewId {
  let n = 0;
  return (prefix) => `${prefix}${++n}new`;
}
