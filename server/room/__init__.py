"""One open document: a pure core, events in and effects out. SPEC.md has its rules."""
