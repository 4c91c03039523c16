"""Files of cases on the screen: the list beside a case, the viewer, and what is under way."""
