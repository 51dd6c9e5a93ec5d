"""What every service of ours is built from: operations, wire protocol, errors, tags, groups."""
