"""A sound little city as files, and the many ways in which such files come broken."""
