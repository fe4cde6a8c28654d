"""`coweave check` beside `check-jsonschema`, on many megabytes of designs, and from a cold start; not a gate."""

import copy
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import schemas
from server.document.model import new_design
from server.interchange import import_appsmith

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

COMPONENTS = 4_000
"""More than the largest real design seen has."""

MEGABYTES = 90


def seconds(*command: str) -> float:
    """CPU time of a command, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def told(is_met: bool) -> str:
    """A busy machine misses what a quiet one meets: told, not asserted."""
    return "goal met" if is_met else "goal missed"


def coweave(*arguments: str) -> float:
    return seconds(
        sys.executable,
        "-c",
        "import sys; from server.cli import main; main(sys.argv[1:])",
        *arguments,
    )


def design(count: int) -> dict[str, Any]:
    """A right design of fields without expressions: the other tool looks at schemas only."""
    made = new_design("Bench")
    samples = [
        each
        for each in schemas.sample("claims-intake")["components"].values()
        if each["type"] == "TextInput" and "{{" not in json.dumps(each)
    ]
    for n in range(count):
        component = copy.deepcopy(samples[n % len(samples)])
        component |= {"name": f"C{n}", "place": {"page": "page1", "slot": "content", "order": "a0"}}
        made["components"][f"c{n}"] = component
    return made


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The command `check-jsonschema`, in an environment of its own."""
    folder = tmp_path_factory.mktemp("tool")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "check-jsonschema"]
    if subprocess.run(pip, capture_output=True).returncode != 0:
        pytest.skip("check-jsonschema cannot be installed here")
    return str(folder / "bin" / "check-jsonschema")


def test_per_component_beside_check_jsonschema(tool: str, tmp_path: Path) -> None:
    """Schema checks of the tool against all that ours looks at; each less what one component costs."""
    whole = json.loads(json.dumps(schemas.load(schemas.DOCUMENT)))
    expression = schemas.load(schemas.EXPRESSION)
    typed = schemas.load("components/core/TextInput/1.schema.json")
    text = json.dumps({"allOf": [{"$ref": "#/$defs/component"}, typed], "$defs": whole["$defs"]})
    text = text.replace(expression["$id"], "#/$defs/expression").replace(
        '"$id": "#/$defs/expression"', '"x": 1'
    )
    component = json.loads(text)
    component["$defs"]["expression"] = {k: v for k, v in expression.items() if k != "$id"}
    component["allOf"][1].pop("$id")
    schema = {"$schema": typed["$schema"], "$defs": component["$defs"],
              "properties": {"components": {"additionalProperties": {"allOf": component["allOf"]}}}}  # fmt: skip
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    taken = {}
    for count in (1, COMPONENTS):
        file = tmp_path / f"{count}.json"
        file.write_text(json.dumps(design(count)))
        taken[count] = (
            min(coweave("check", str(file)) for _ in range(12)),
            min(
                seconds(tool, "--schemafile", str(tmp_path / "schema.json"), str(file))
                for _ in range(4)
            ),
        )
    ours, theirs = (
        (taken[COMPONENTS][side] - taken[1][side]) / COMPONENTS * 1e6 for side in (0, 1)
    )
    print(
        f"\ncheck, {COMPONENTS:,} components: coweave {ours:.1f} us each, check-jsonschema {theirs:.0f} us each, "
        f"{theirs / ours:.1f}x ({told(theirs / ours >= 20)}: 20); "
        f"start {taken[1][0] * 1000:.0f} ms and {taken[1][1] * 1000:.0f} ms"
    )


def test_many_megabytes(tmp_path: Path) -> None:
    documents = [
        schemas.sample("claims-intake"),
        import_appsmith(schemas.sample("appsmith-crud")).document,
    ]
    size = count = 0
    while size < MEGABYTES * 1_000_000:
        # No expression twice in two designs: what one has taught is of no use in the next.
        text = json.dumps(documents[count % 2]).replace("{{", f"{{{{/*{count}*/")
        (tmp_path / f"{count}.json").write_text(text)
        size, count = size + len(text), count + 1
    taken = coweave(
        "check",
        str(tmp_path),
        "--fail-on",
        "never",
        "--format",
        "json",
        "--output",
        str(tmp_path / "r"),
    )
    print(
        f"\ncheck, {size / 1e6:.0f} MB in {count} designs: {taken:.1f} s of CPU ({told(taken <= 10)}: 10)"
    )


def test_one_small_file_from_a_cold_start(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    file.write_text(json.dumps(design(3)))
    program = "import sys; from server.cli import main; main(sys.argv[1:])"
    taken = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", program, "check", str(file)], capture_output=True)
        taken.append(time.perf_counter() - start)
    print(
        f"\ncheck, one small file: {min(taken) * 1000:.0f} ms from a cold start ({told(min(taken) <= 0.3)}: 300)"
    )
