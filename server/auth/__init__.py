"""Who somebody is: identity providers, their tokens, and credentials of our own."""
