"""Who may do what: one pure function that every door asks, for every message."""
