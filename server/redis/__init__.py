"""The way to Redis that the adapters of several ports share."""
