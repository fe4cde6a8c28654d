"""Tasks: rooms, the committer, the presence hub. The only cores with a clock are here."""
