"""ShareDB's wire protocol, without any I/O: bytes and answers in, steps and frames out.

`codec` turns bytes into messages and back, `messages` checks them, `identity` makes and verifies
connection ids, `session` is one connection's state machine. The rules are in SPEC.md (WP...).
"""
