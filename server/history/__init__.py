"""What happened to a design: structural diff, changes in words, blame, revert. Pure."""
