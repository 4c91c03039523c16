"""Case types as data: fields, rules, stages, terms and numbers of a kit."""
