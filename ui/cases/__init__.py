"""The list of cases, one case, and a new one."""
