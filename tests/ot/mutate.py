"""Do the tests notice a mistake? Mutants of the engine's modules, each put to the tests of `ot`.

A mutant is a module with one small change: another comparison, a number off by one, a statement left
out. It is *killed* if a test fails. Every mutant runs in a process forked from one that has already
loaded pytest, so one takes a second or less.
"""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from hypothesis import Phase, settings

__all__ = ["MODULES", "Mutant", "mutants", "survives"]

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path.stem
    for path in (ROOT / "ot").glob("*.py")
    if path.stem not in ("__init__", "types", "safe")
)
CPU_SECONDS = 120
"""What one mutant may use; the tests take about 20. One that runs for ever counts as killed."""

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


class Mutant(NamedTuple):
    module: str
    line: int
    what: str
    source: str


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse((ROOT / "ot" / f"{module}.py").read_text())
    # By number, because each mutant is made on a copy of the tree.
    for number, node in enumerate(ast.walk(tree)):
        for way in range(_ways(node)):
            changed = deepcopy(tree)
            target = next(one for at, one in enumerate(ast.walk(changed)) if at == number)
            before = ast.unparse(target)
            after = _Change(target, way).visit(changed)
            source = ast.unparse(ast.fix_missing_locations(after))
            yield Mutant(module, getattr(node, "lineno", 0), before.split("\n")[0], source)


def _ways(node: ast.AST) -> int:
    """In how many ways a node can be changed."""
    match node:
        case ast.Compare(ops=ops):
            return len(ops)
        case ast.BinOp(op=ast.Add() | ast.Sub()) | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.Constant(value=bool() | int()):
            return 1
        case ast.Constant(value=str(text)) if 0 < len(text) <= 2 and text.isalpha():
            return 1
        case ast.If() | ast.IfExp() | ast.While():
            return 1
        case ast.Raise() | ast.AugAssign() | ast.Continue() | ast.Break():
            return 1
        case ast.Expr(value=ast.Call()):
            return 1
    return 0


class _Change(ast.NodeTransformer):
    """One change of one node."""

    def __init__(self, target: ast.AST, way: int) -> None:
        self.target = target
        self.way = way

    def visit(self, node: ast.AST) -> ast.AST:
        if node is not self.target:
            return self.generic_visit(node)
        match node:
            case ast.Compare():
                node.ops[self.way] = _COMPARED[type(node.ops[self.way])]()
            case ast.BinOp():
                node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            case ast.BoolOp():
                node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            case ast.UnaryOp():
                return node.operand
            case ast.Constant(value=bool()):
                node.value = not node.value
            case ast.Constant(value=int(value)):
                node.value = value + 1
            case ast.Constant(value=str(text)):
                node.value = f"{text}x"
            case ast.If() | ast.IfExp() | ast.While():
                node.test = ast.UnaryOp(ast.Not(), node.test)
            case _:
                return ast.Pass()
        return node


class _Loader(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives the mutant where its module is imported."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != f"ot.{self.mutant.module}":
            return None
        origin = str(ROOT / "ot" / f"{self.mutant.module}.py")
        return importlib.util.spec_from_file_location(name, origin, loader=self)  # type: ignore[arg-type]

    def get_source(self, name: str) -> str:
        return self.mutant.source


def survives(mutant: Mutant, tests: list[str]) -> bool:
    """Do all tests pass with the mutant in place of its module?

    Call it only in a process that has not imported `ot`.
    """
    assert not any(name.split(".")[0] == "ot" for name in sys.modules)
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    status = 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        sys.meta_path.insert(0, _Loader(mutant))
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        options = ["-x", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is loaded already
        status = int(pytest.main([*options, *tests]))
    finally:
        os._exit(status)


def main() -> None:
    """`python -m tests.ot.mutate STEP [MODULE…]`: one mutant in STEP; prints those that survive."""
    step = int(sys.argv[1])
    os.chdir(ROOT)
    os.environ["COWEAVE_OT_CASES"] = "4000"
    slow = {"test_traces.py", "test_mutation.py"}
    every = sorted(
        str(path) for path in Path("tests/ot").glob("test_*.py") if path.name not in slow
    )
    # Whether a test fails is all that counts here, not by how little.
    settings.register_profile("mutants", phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutants")
    unchanged = Mutant("json0", 0, "nothing", (ROOT / "ot" / "json0.py").read_text())
    assert survives(unchanged, every), "the tests fail without any mutant"
    made = killed = 0
    for module in sys.argv[2:] or MODULES:
        own = [path for path in every if path.endswith(f"test_{module}.py")]
        tests = own + [path for path in every if path not in own]
        for mutant in list(mutants(module))[::step]:
            made += 1
            if survives(mutant, tests):
                print(f"survives: ot/{module}.py:{mutant.line}: {mutant.what}", flush=True)
            else:
                killed += 1
    print(f"{killed} of {made} mutants killed")


if __name__ == "__main__":
    main()
