"""Which names an expression uses, by parsing it as JavaScript (tree-sitter).

Strings, comments, regular expressions, property names and labels are no uses; parameters, local variables
and function names hide what is outside of them. What cannot be parsed is said so, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

__all__ = ["Program", "Use", "expressions", "parse"]

_PARSER = Parser(Language(tree_sitter_javascript.language()))

_FUNCTIONS = frozenset(
    {
        *("arrow_function", "function_declaration", "function_expression", "method_definition"),
        *("generator_function", "generator_function_declaration"),
    }
)
_NESTING = re.compile(r"[{'\"`/]")
"""Without one of these, the first `}}` is the end."""

_SHORT = 2_000
"""Characters up to which a text is remembered: the short ones are those that a design repeats."""

_LONGEST = 1_000_000
_DEEPEST = 400


@dataclass(frozen=True, slots=True)
class Use:
    """A free name and the properties read from it: `Table1.selectedRow.id` is ("Table1", "selectedRow", "id").

    `start` is where it begins in the source, in characters.
    """

    path: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Program:
    """What a source uses; `fault` is where it stops being JavaScript, in characters, or None."""

    uses: tuple[Use, ...]
    fault: int | None = None


def expressions(text: str) -> Sequence[tuple[int, str]]:
    """Each `{{ … }}` of a text: (where what is inside begins, what is inside).

    Braces, strings and comments inside may hold `}}` of their own.
    """
    return _short(text) if len(text) <= _SHORT else tuple(_expressions(text))


@lru_cache(maxsize=20_000)
def _short(text: str) -> Sequence[tuple[int, str]]:
    return tuple(_expressions(text))


def _expressions(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    while (start := text.find("{{", at)) >= 0:
        end = _end(text, start + 2)
        if end is None:
            end = text.find("}}", start + 2)
            if end < 0:
                return
        yield start + 2, text[start + 2 : end]
        at = end + 2


def _end(text: str, at: int) -> int | None:
    """Where the `}}` stands that closes an expression which begins at `at`."""
    closing = text.find("}}", at)
    if closing < 0:
        return None
    if not _NESTING.search(text, at, closing):
        return closing
    depth = 0
    quotes: list[str] = []
    while at < len(text):
        char = text[at]
        if quotes and quotes[-1] != "${":
            quote = quotes[-1]
            if char == "\\":
                at += 1
            elif char == quote:
                quotes.pop()
            elif quote == "`" and text.startswith("${", at):
                quotes.append("${")
                depth += 1
                at += 1
        elif char in "'\"`":
            quotes.append(char)
        elif text.startswith("//", at) and not text.startswith("://", at - 1):
            line = text.find("\n", at)
            closing = text.find("}}", at)
            at = line if 0 <= line < closing else at + 1
        elif text.startswith("/*", at):
            closing = text.find("*/", at)
            at = closing + 1 if closing >= 0 else at + 1
        elif char == "{":
            depth += 1
        elif char == "}":
            if depth == 0 and text.startswith("}}", at):
                return at
            depth -= 1
            if depth < 0:
                return None
            if quotes and quotes[-1] == "${":
                quotes.pop()
        at += 1
    return None


@lru_cache(maxsize=20_000)
def parse(source: str, *, module: bool = False) -> Program:
    """The names that a source uses. `module`: a script's body; else an expression or statements."""
    if len(source) > _LONGEST:
        return Program((), 0)
    tries = [(source, 0)] if module else [(f"({source}\n)", 1), (source, 0)]
    for text, shift in tries:
        raw = text.encode("utf-8", "replace")
        root = _PARSER.parse(raw).root_node
        if not root.has_error:
            where = _Offsets(text, raw, shift)
            uses: list[Use] = []
            _walk(root, frozenset(_declared(root)), where, uses, 0)
            return Program(tuple(uses))
    return Program((), max(0, where_wrong(root, text, raw)))


def where_wrong(root: Node, text: str, raw: bytes) -> int:
    """Where the first error of a tree stands, in characters."""
    node = root
    while True:
        inner = next((each for each in node.children if each.has_error or each.is_missing), None)
        if inner is None or node.type == "ERROR":
            return _Offsets(text, raw, 0).at(node.start_byte)
        node = inner


class _Offsets:
    """Bytes of the parsed text → characters of the source."""

    def __init__(self, text: str, raw: bytes, shift: int) -> None:
        self._raw = None if len(text) == len(raw) else raw
        self._shift = shift

    def at(self, byte: int) -> int:
        if self._raw is not None:
            byte = len(self._raw[:byte].decode("utf-8", "replace"))
        return byte - self._shift


def _walk(node: Node, known: frozenset[str], where: _Offsets, uses: list[Use], depth: int) -> None:
    if depth > _DEEPEST:
        return
    kind = node.type
    if kind in _FUNCTIONS:
        inner = known | frozenset(_parameters(node)) | frozenset(_declared(node))
        if kind != "arrow_function":
            inner |= {"arguments"}
        for child in node.children:
            is_name = child == node.child_by_field_name("name")
            if not is_name or child.type == "computed_property_name":
                _walk(child, inner, where, uses, depth + 1)
        return
    if kind in ("identifier", "shorthand_property_identifier"):
        name = _text(node)
        if name not in known and not _is_declaring(node):
            uses.append(Use((name, *_properties(node)), where.at(node.start_byte)))
        return
    if kind == "catch_clause":
        parameter = node.child_by_field_name("parameter")
        if parameter is not None:
            known |= frozenset(_pattern(parameter))
    for child in node.children:
        _walk(child, known, where, uses, depth + 1)


def _is_declaring(node: Node) -> bool:
    parent = node.parent
    if parent is None:
        return False
    if parent.type == "unary_expression":
        # `typeof x` is how one asks whether x is there.
        return parent.children[0].type == "typeof"
    return parent.type in ("labeled_statement", "break_statement", "continue_statement")


def _properties(node: Node) -> Iterator[str]:
    """The names that are read from a name, one after the other, as far as they are plain."""
    while (parent := node.parent) is not None:
        if parent.type == "member_expression" and parent.child_by_field_name("object") == node:
            name = parent.child_by_field_name("property")
            if name is None or name.type != "property_identifier":
                return
            yield _text(name)
        elif parent.type == "subscript_expression" and parent.child_by_field_name("object") == node:
            index = parent.child_by_field_name("index")
            if index is None or index.type != "string" or len(index.named_children) != 1:
                return
            yield _text(index.named_children[0])
        else:
            return
        node = parent


def _declared(scope: Node) -> Iterator[str]:
    """Names that are declared in a function or in the whole, not in functions inside."""
    queue = list(scope.children)
    while queue:
        node = queue.pop()
        kind = node.type
        if kind == "variable_declarator":
            name = node.child_by_field_name("name")
            if name is not None:
                yield from _pattern(name)
        elif kind in (
            "function_declaration",
            "class_declaration",
            "generator_function_declaration",
        ):
            name = node.child_by_field_name("name")
            if name is not None:
                yield _text(name)
        elif kind in ("for_in_statement", "assignment_expression"):
            # `for (x of list)` and `x = 1` make x where nobody has declared it.
            left = node.child_by_field_name("left")
            if left is not None and left.type in ("identifier", "object_pattern", "array_pattern"):
                yield from _pattern(left)
        elif kind in ("import_clause", "import_specifier", "namespace_import"):
            yield from (_text(child) for child in node.children if child.type == "identifier")
        if kind not in _FUNCTIONS:
            queue.extend(node.children)


def _parameters(function: Node) -> Iterator[str]:
    for field in ("parameter", "parameters"):
        node = function.child_by_field_name(field)
        if node is not None:
            yield from _pattern(node)
    name = function.child_by_field_name("name")
    if function.type in ("function_expression", "generator_function") and name is not None:
        yield _text(name)


def _pattern(node: Node) -> Iterator[str]:
    """The names that a pattern binds; its default values are no part of it."""
    if node.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield _text(node)
    elif node.type in ("assignment_pattern", "object_assignment_pattern"):
        left = node.child_by_field_name("left")
        if left is not None:
            yield from _pattern(left)
    elif node.type == "pair_pattern":
        value = node.child_by_field_name("value")
        if value is not None:
            yield from _pattern(value)
    else:
        for child in node.named_children:
            yield from _pattern(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
