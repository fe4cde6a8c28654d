"""Rows of a JavaScript object's functions, which Appsmith keeps beside the object's text, from that text.

Each function is an action of its own (`pluginType` JS) that names its object, its page and its arguments. A row is
renewed where the object was renamed, moved or edited; where nothing of it has changed it stays as it is.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ot.types import Json

from .fit import mapping, sequence

__all__ = ["Function", "digest", "functions", "renewed_rows", "renewed_variables"]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of an object: its source as an expression, and the names of its parameters."""

    name: str
    source: str
    parameters: tuple[str, ...]
    is_async: bool


def digest(body: str) -> str:
    """Tells whether a text was edited since."""
    return hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:16]


def functions(body: str) -> tuple[list[Function], dict[str, str]] | None:
    """The functions of `export default {…}`, and its other members as name → source; None: it is no such text."""
    raw = body.encode("utf-8", "replace")
    root = _parser().parse(raw).root_node
    exported = next((each for each in root.named_children if each.type == "export_statement"), None)
    value = None if exported is None else exported.child_by_field_name("value")
    if root.has_error or value is None or value.type != "object":
        return None
    found: list[Function] = []
    others: dict[str, str] = {}
    for member in value.named_children:
        if member.type == "method_definition":
            name = member.child_by_field_name("name")
            start = member.child_by_field_name("parameters")
            if name is None or start is None:
                continue
            is_async = any(each.type == "async" for each in member.children)
            head = "async function " if is_async else "function "
            source = head + raw[start.start_byte : member.end_byte].decode("utf-8", "replace")
            found.append(Function(_text(name), source, tuple(_parameters(start)), is_async))
        elif member.type == "pair":
            key, inner = member.child_by_field_name("key"), member.child_by_field_name("value")
            if key is None or inner is None:
                continue
            name_ = _text(key).strip("'\"")
            if inner.type not in ("arrow_function", "function_expression"):
                others[name_] = _text(inner)
                continue
            names = inner.child_by_field_name("parameters") or inner.child_by_field_name(
                "parameter"
            )
            is_async = any(each.type == "async" for each in inner.children)
            parameters = () if names is None else tuple(_parameters(names))
            found.append(Function(name_, _text(inner), parameters, is_async))
    return found, others


def renewed_rows(
    rows: Sequence[tuple[int | None, dict[str, Any]]],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    body: str | None,
    *,
    with_bodies: bool,
) -> list[tuple[int | None, dict[str, Any]]]:
    """The rows of one object's functions for what it is now, each with its place in the list (None: a new one).

    Args: rows: as they were. old, new: `id`, `name` and `page` (its name) of the object. body: its text where
        that was edited, else None. with_bodies: rows hold their function's source.
    """
    found = None if body is None else functions(body)
    if found is None:
        return [(index, _renamed(row, old, new)) for index, row in rows]
    wanted = {each.name: each for each in found[0]}
    made: list[tuple[int | None, dict[str, Any]]] = []
    for index, row in rows:
        function = wanted.pop(str(mapping(row.get("unpublishedAction")).get("name")), None)
        if function is not None:
            made.append((index, _updated(_renamed(row, old, new), function)))
    return made + [(None, _fresh(each, new, with_bodies)) for each in wanted.values()]


def renewed_variables(variables: Json, body: str) -> Json:
    """What the object holds beside functions: known entries stay, gone ones go, new ones come."""
    found = functions(body)
    if found is None:
        return variables
    known = {mapping(each).get("name"): each for each in sequence(variables)}
    return [known.get(name, {"name": name, "value": value}) for name, value in found[1].items()]


def _renamed(row: dict[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    if old == new:
        return row
    row = copy.deepcopy(row)
    before, after = f"{old['page']}_{old['name']}.", f"{new['page']}_{new['name']}."
    if isinstance(id := row.get("id"), str) and id.startswith(before):
        row["id"] = after + id.removeprefix(before)
    for key in ("unpublishedAction", "publishedAction"):
        action = row.get(key)
        if not isinstance(action, dict):
            continue
        if action.get("collectionId") == old["id"]:
            action["collectionId"] = new["id"]
        if key == "publishedAction":
            continue
        if action.get("pageId") == old["page"]:
            action["pageId"] = new["page"]
        for full in ("fullyQualifiedName", "validName"):
            if action.get(full) == f"{old['name']}.{action.get('name')}":
                action[full] = f"{new['name']}.{action.get('name')}"
    return row


def _updated(row: dict[str, Any], function: Function) -> dict[str, Any]:
    """With the function's text and arguments, where these are others now."""
    configuration = mapping(mapping(row.get("unpublishedAction")).get("actionConfiguration"))
    had = tuple(mapping(each).get("name") for each in sequence(configuration.get("jsArguments")))
    body = configuration.get("body")
    is_same_text = not isinstance(body, str) or _bare(body) == _bare(function.source)
    if had == function.parameters and is_same_text:
        return row
    row = copy.deepcopy(row)
    action = row["unpublishedAction"]
    configuration = action["actionConfiguration"]
    if had != function.parameters:
        configuration["jsArguments"] = [{"name": name} for name in function.parameters]
    if not is_same_text:
        configuration["body"] = function.source
        if "isAsync" in configuration:
            configuration["isAsync"] = function.is_async
        if "jsonPathKeys" in action:
            action["jsonPathKeys"] = [function.source]
    return row


def _fresh(function: Function, new: Mapping[str, Any], with_body: bool) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        "encodeParamsToggle": True,
        "jsArguments": [{"name": name} for name in function.parameters],
        "paginationType": "NONE",
        "timeoutInMillisecond": 10_000,
    }
    if with_body:
        configuration |= {"body": function.source, "isAsync": function.is_async}
    return {
        "id": f"{new['page']}_{new['name']}.{function.name}",
        "pluginId": "js-plugin",
        "pluginType": "JS",
        "unpublishedAction": {
            "actionConfiguration": configuration,
            "collectionId": new["id"],
            "confirmBeforeExecute": False,
            "datasource": {
                "isAutoGenerated": False,
                "name": "UNUSED_DATASOURCE",
                "pluginId": "js-plugin",
            },
            "dynamicBindingPathList": [{"key": "body"}],
            "executeOnLoad": False,
            "fullyQualifiedName": f"{new['name']}.{function.name}",
            "name": function.name,
            "pageId": new["page"],
            "userSetOnLoad": False,
        },
    }


def _parameters(node: Any) -> Iterator[str]:
    """The names of parameters; of one that is taken apart, its text."""
    if node.type == "identifier":
        yield _text(node)
        return
    for each in node.named_children:
        target = each.child_by_field_name("left") if each.type == "assignment_pattern" else each
        yield _text(target) if target is not None else _text(each)


def _bare(source: str) -> str:
    return _SPACE.sub("", source)


_SPACE = re.compile(r"\s+")


def _text(node: Any) -> str:
    return (node.text or b"").decode("utf-8", "replace")


@cache
def _parser() -> Any:
    import tree_sitter_javascript
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_javascript.language()))
