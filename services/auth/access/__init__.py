"""Who may do what: roles, their permissions, and who has which."""
