"""Branches, reviews and releases as pure decisions: merge, rules, verdicts, anchors. No input or output."""
