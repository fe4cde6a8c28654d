"""The Yjs door: stock Yjs clients edit the same documents as everybody. SPEC.md has the rules."""
