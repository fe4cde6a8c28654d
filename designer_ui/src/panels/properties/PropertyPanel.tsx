import { CopyPlus, Trash2 } from "lucide-react";
import { useEffect, useMemo } from "react";
import { fetchAhead } from "../../code/Code";
import { IconButton } from "../../components/Button";
import { TypeIcon } from "../../components/TypeIcon";
import { LeaseLine } from "../../leases/LeaseLine";
import type { Component } from "../../model/document";
import { identifierFault, titleFault } from "../../model/names";
import { fieldsOf } from "../../model/schema";
import { componentsOfPage, namesOnPage, pageOf } from "../../model/view";
import {
  useComponent,
  useCurrentPage,
  useMeta,
  useOutline,
  usePage,
  useUi,
  useWatched,
  useWorkspace,
} from "../../workspace/workspace";
import panel from "../panel.module.css";
import { DraftControl } from "./DraftControl";
import { EventField } from "./EventField";
import { FieldGroups } from "./FieldGroups";
import css from "./fields.module.css";
import { PropertyField } from "./PropertyField";
import { SeveralProperties } from "./SeveralProperties";
import { TextControl } from "./TextControl";

const NAME_PATH = ["name"];
const DESCRIPTION_PATH = ["description"];
const DESCRIPTION_SCHEMA = { type: "string", maxLength: 2000 };

/** The form for what is selected. */
export function PropertyPanel() {
  const { mirror } = useWorkspace().session;
  useOutline();
  const chosen = useUi((ui) => ui.selection);
  const there = chosen.filter((id) => mirror.get("components", id));
  const selection = there.length === chosen.length ? chosen : there;
  const [only] = selection;
  useEffect(fetchAhead, []);
  return (
    <aside className={css.panel} aria-label="Properties">
      {only === undefined ? (
        <PageProperties />
      ) : selection.length === 1 ? (
        <ComponentProperties key={only} id={only} />
      ) : (
        <SeveralProperties ids={selection} />
      )}
    </aside>
  );
}

function ComponentProperties({ id }: { id: string }) {
  const { types, commands } = useWorkspace();
  const component = useComponent(id);
  const type = component && types.of(component);
  const groups = useMemo(() => (type ? fieldsOf(type) : []), [type]);
  if (!component) return null;
  return (
    <>
      <header className={css.head}>
        <TypeIcon icon={type?.icon} />
        <h2>{type?.title ?? component.type}</h2>
        <IconButton label="Duplicate" keys="Ctrl+D" size="s" onClick={() => commands.duplicate()}>
          <CopyPlus />
        </IconButton>
        <IconButton label="Delete" keys="Del" size="s" onClick={() => commands.remove()}>
          <Trash2 />
        </IconButton>
      </header>
      <LeaseLine
        element={`components/${id}`}
        container={type === undefined || Object.keys(type.slots).length > 0}
      />
      <div className={css.body}>
        <div className={css.group}>
          <NameField id={id} component={component} />
          <ElementRefusal id={id} />
        </div>
        {type ? null : (
          <p className={css.note}>
            This type is not known here. It is kept as it is, and can be moved, renamed and deleted.
          </p>
        )}
        <FieldGroups groups={groups}>
          {(field) => (
            <PropertyField key={field.path.join("/")} id={id} component={component} field={field} />
          )}
        </FieldGroups>
        {type && type.events.length > 0 ? (
          <div className={css.group} role="group" aria-label="Events">
            <h3>Events</h3>
            {type.events.map((event) => (
              <EventField key={event} id={id} component={component} event={event} />
            ))}
          </div>
        ) : null}
        {type ? null : <RawProperties id={id} component={component} />}
      </div>
    </>
  );
}

function NameField({ id, component }: { id: string; component: Component }) {
  const { commands, session } = useWorkspace();
  const parse = (text: string) => {
    const name = text.trim();
    const fault = identifierFault(name);
    if (fault !== undefined) return { fault };
    const page = pageOf(session.mirror, id);
    const taken = page === undefined ? new Set() : namesOnPage(session.mirror, page, id);
    return taken.has(name) ? { fault: `${name} is taken on this page.` } : { value: name };
  };
  return (
    <DraftControl
      element={`components/${id}`}
      path={NAME_PATH}
      label="Name"
      description="What expressions call this component."
      text={component.name}
      name="name"
      parse={parse}
      commit={(name) => commands.rename(`components/${id}`, String(name))}
    />
  );
}

/** Refusals that are about the component as a whole: a move, an insert. */
function ElementRefusal({ id }: { id: string }) {
  const { session } = useWorkspace();
  const refusal = useWatched(session.refusals).findLast(
    (each) =>
      each.element === `components/${id}` && (each.path.length === 0 || each.path[0] === "place"),
  );
  if (!refusal) return null;
  return (
    <div className={css.refusal} role="alert">
      <p>
        {refusal.label} was refused: {refusal.message}
      </p>
      <button type="button" onClick={() => session.dismissRefusal(refusal.id)}>
        Dismiss
      </button>
    </div>
  );
}

/** The properties of a type that has no schema here, for looking at. */
function RawProperties({ component }: { id: string; component: Component }) {
  return (
    <div className={css.group} role="group" aria-label="Stored properties">
      <h3>Stored properties</h3>
      <pre className={css.raw}>{JSON.stringify(component.props, null, 2)}</pre>
    </div>
  );
}

function PageProperties() {
  const { commands, session } = useWorkspace();
  const id = useCurrentPage();
  const page = usePage(id ?? "");
  const meta = useMeta();
  useOutline();
  if (id === undefined || !page) return null;
  const count = componentsOfPage(session.mirror, id).length;
  return (
    <>
      <div className={panel.head}>
        <h2>Page</h2>
        <span className={css.count}>
          {count} {count === 1 ? "component" : "components"}
        </span>
      </div>
      <LeaseLine element={`pages/${id}`} container />
      <div className={css.body}>
        <div className={css.group}>
          <DraftControl
            key={id}
            element={`pages/${id}`}
            path={NAME_PATH}
            label="Page name"
            text={page.name}
            parse={(text) => {
              const fault = titleFault(text);
              return fault === undefined ? { value: text.trim() } : { fault };
            }}
            commit={(name) => commands.set(`pages/${id}`, NAME_PATH, name, `Rename ${page.name}`)}
          />
        </div>
        <div className={css.group} role="group" aria-label="Design">
          <h3>Design</h3>
          <TextControl
            element="meta"
            path={DESCRIPTION_PATH}
            label="Description"
            value={meta?.description}
            schema={DESCRIPTION_SCHEMA}
            placeholder="What this app is for"
            multiline
            edits="Edit the description"
          />
        </div>
      </div>
    </>
  );
}
