"""Which names an expression uses: as JavaScript has it, not as a pattern would."""

import pytest

from server.check.javascript import expressions, parse


def used(source: str, *, module: bool = False) -> list[str]:
    program = parse(source, module=module)
    assert program.fault is None
    return [".".join(use.path) for use in program.uses]


@pytest.mark.parametrize(
    "source, names",
    [
        ("Text1.text + Text10.text", ["Text1.text", "Text10.text"]),
        ("'Text1' + \"Text2\" + `Text3`", []),
        ("`a ${Text1.text} ${`b ${Text2.text}`}`", ["Text1.text", "Text2.text"]),
        ("a.b /* Text9 */ // Text8", ["a.b"]),
        ("/Text1/.test(x)", ["x"]),
        ("rows.map(row => row.id + Text1.text)", ["rows.map", "Text1.text"]),
        ("rows.map(({ id, name: { first = Default1 } }, i) => id + first + i)", ["rows.map", "Default1"]),
        ("((a, b = Query1.data, ...c) => [a, b, c])()", ["Query1.data"]),
        ("(function f(n) { return n ? f(n - 1) : g(arguments) })(3)", ["g"]),
        ("(() => { const x = Q.data; let { y } = x; for (const k of x) y(k); return k2 })()", ["Q.data", "k2"]),
        ("(() => { try { go() } catch (e) { tell(e) } })()", ["go", "tell"]),
        ("(() => { for (i of list) use(i) })()", ["list", "use"]),
        ("({ Text1: 1, Text2, [Text3]: Text4 }).Text5", ["Text2", "Text3", "Text4"]),
        ("x['a b'].c[0].d", ["x.a b.c"]),
        ("x?.y?.[z]", ["x.y", "z"]),
        ("typeof maybe === 'undefined'", []),
        ("async () => { await Q.run(); class A {} ; return new A() }", ["Q.run"]),
        ("showModal('M'); if (a) { b() }", ["showModal", "a", "b"]),
        ("ключ.x + 名前", ["ключ.x", "名前"]),
        ("lbl: for (;;) { break lbl }", []),
        ("{ a: Text1.text }", ["Text1.text"]),
        ("", []),
    ],
)  # fmt: skip
def test_uses(source: str, names: list[str]) -> None:
    assert used(source) == names


def test_a_scripts_functions_hide_what_is_theirs() -> None:
    body = "export default {\n  rows: [],\n  load: async (m) => { this.rows = await q.run(m); return Text1.text },\n}"
    assert used(body, module=True) == ["q.run", "Text1.text"]


@pytest.mark.parametrize("source", ["a +", "NO DATA", "function() }() {", "x.3", "{a:"])
def test_what_is_no_javascript_is_said_so(source: str) -> None:
    program = parse(source)
    assert program.fault is not None and 0 <= program.fault <= len(source) + 1
    assert program.uses == ()


def test_where_a_name_stands_is_counted_in_characters() -> None:
    source = "'äöü😀' + Text1.text"
    (use,) = parse(source).uses
    assert source[use.start :].startswith("Text1")


def test_nesting_without_end_ends() -> None:
    assert (
        parse("(" * 5_000 + "x" + ")" * 5_000).uses == ()
    )  # Deeper than anybody writes: not looked at.
    assert parse("[" * 300 + "x" + "]" * 300).uses[0].path == ("x",)


@pytest.mark.parametrize(
    "text, inside",
    [
        ("a {{ b }} c {{d}}", [" b ", "d"]),
        ("{{ { a: { b: 1 } } }}", [" { a: { b: 1 } } "]),
        ("{{ '}}' + \"{{\" }}!", [" '}}' + \"{{\" "]),
        ("{{ `${x}}` }}", [" `${x}}` "]),
        ("{{ /* }} */ x }}", [" /* }} */ x "]),
        ("{{ 'http://x' }}", [" 'http://x' "]),
        ("{{ a // it's\n }}", [" a // it's\n "]),
        ("{{ open", []),
        ("}} {{ '}} {{ b }}", [" '"]),
        ("none", []),
    ],
)
def test_expressions_in_a_text(text: str, inside: list[str]) -> None:
    found = list(expressions(text))
    assert [source for _, source in found][: len(inside)] == inside
    assert all(text[at : at + len(source)] == source for at, source in found)
