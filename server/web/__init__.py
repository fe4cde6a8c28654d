"""The doors to the outside: the ShareDB socket, the REST interface, the designer's files."""
