"""Each bug made by hand is caught by the test that is there for it (T-M)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from .bugs import BUGS

TOP = Path(__file__).parents[2]


class Catcher(NamedTuple):
    """A test, and words of the failure by which it shows that it has seen the bug."""

    test: str
    says: str


SIM = "tests/sim/test_simulation.py::test_scratch_converges"
CONTRACT = "tests/contracts/test_store.py::"
STORE = "tests/server/store/"

CAUGHT_BY = {
    "the_room_acks_before_the_commit": Catcher(SIM, "acked, not durable"),
    "the_room_publishes_before_the_commit": Catcher(SIM, "published before it is durable"),
    "the_room_shows_others_before_the_commit": Catcher(SIM, "shown before it is durable"),
    "a_failed_commit_is_told_as_a_refusal": Catcher(SIM, "refused, but committed"),
    "what_others_did_meanwhile_is_passed_over": Catcher(SIM, "Error"),
    "a_snapshot_is_one_version_off": Catcher(SIM, "Error"),
    "a_resend_is_not_compared": Catcher(
        "tests/server/room/test_core.py::test_RM15_a_resend_that_differs_is_refused", "Refused"
    ),
    "the_committer_answers_before_the_store": Catcher(
        "tests/server/runtime/test_committer.py"
        "::test_ST63_a_fault_of_the_store_is_told_to_all_of_the_group",
        "Committed",
    ),
    "no_unique_key": Catcher(
        f"{CONTRACT}test_ST3_a_source_and_sequence_is_stored_once_per_document", "duplicates="
    ),
    "doubles_are_known_in_memory_only": Catcher(
        f"{STORE}test_oplog.py::test_B1_a_double_is_known_after_opening_again", "Overtaken"
    ),
    "synchronous_normal": Catcher(
        f"{STORE}test_database.py::test_ST40_every_connection_is_durable", "'synchronous': 1"
    ),
    "the_head_is_not_compared": Catcher(
        f"{CONTRACT}test_ST2_a_batch_on_an_old_head_is_overtaken_and_the_others_are_not",
        "Committed(head=5) != Overtaken",
    ),
    "a_batch_is_written_op_by_op": Catcher(
        f"{CONTRACT}test_ST2_a_batch_on_an_old_head_is_overtaken_and_the_others_are_not",
        "Overtaken",
    ),
    "the_head_moves_in_another_transaction": Catcher(
        f"{CONTRACT}test_ST1_a_batch_takes_the_versions_from_its_base", "Overtaken"
    ),
    "rows_are_hashed_alone": Catcher(
        f"{STORE}test_chain.py::test_ST11_a_hash_as_the_rules_spell_it_out", "Error"
    ),
    "the_author_is_not_hashed": Catcher(
        f"{STORE}test_verify.py::test_A6_a_tampered_database_is_found_out[change an author]",
        "'changed'",
    ),
    "the_check_does_not_look_at_the_head": Catcher(
        f"{STORE}test_verify.py::test_A6_a_tampered_database_is_found_out[add one at the end]",
        "'added'",
    ),
    "a_snapshots_checksum_is_not_looked_at": Catcher(
        f"{STORE}test_snapshots.py::test_ST32_a_damaged_milestone_is_never_given", "20 != 10"
    ),
    "a_snapshot_needs_no_key": Catcher(
        f"{STORE}test_verify.py::test_A7_a_changed_snapshot_is_never_served"
        "[change a snapshot and its checksum]",
        "Crimes",
    ),
    "a_commit_that_failed_is_tried_on_the_same_connection": Catcher(
        f"{STORE}test_database.py::test_ST43_a_commit_that_failed_is_decided_on_a_new_connection",
        "within a transaction",
    ),
    "no_connection_stays_open": Catcher(
        f"{STORE}test_database.py::test_ST44_one_connection_stays_open", "db-wal"
    ),
    "a_backup_copies_the_file": Catcher(
        f"{STORE}test_backup.py::test_ST80_what_is_in_the_log_only_is_in_the_backup", "(40 + 1)"
    ),
}


def test_every_bug_has_its_catcher() -> None:
    assert CAUGHT_BY.keys() == BUGS.keys()
    assert len(BUGS) >= 12


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[int, str]]:
    """What pytest said of each bug's catcher with the bug in: exit code and output."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.run_bugs"],
        cwd=TOP,
        input=json.dumps({bug: catcher.test for bug, catcher in CAUGHT_BY.items()}),
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
    )
    outcomes: dict[str, tuple[int, str]] = json.loads(done.stdout)
    return outcomes


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_made_by_hand_is_caught(bug: str, outcomes: dict[str, tuple[int, str]]) -> None:
    catcher = CAUGHT_BY[bug]
    code, output = outcomes[bug]
    assert code == pytest.ExitCode.TESTS_FAILED, output
    assert f"FAILED {catcher.test}" in output, output
    assert catcher.says in output, output
