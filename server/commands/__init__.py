"""Commands that are more than a few lines, one module each; `server.cli` adds them."""
