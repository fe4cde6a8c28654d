"""Branches, reviews, comments and environments: what is asked of them over HTTP, with its rights and records."""
