"""The building blocks of our services: operations, wire protocol, errors, tags, groups."""
