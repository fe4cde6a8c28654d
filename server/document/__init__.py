"""Documents: their model, rules and stored form. Pure."""
