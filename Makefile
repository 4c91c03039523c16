# Thin names for `python3 -m dev COMMAND`; on Windows say `py -m dev COMMAND`.
PYTHON ?= python3

.PHONY: run test soak check setup translations lock installer
run test soak check setup translations lock installer:
	@$(PYTHON) -m dev $@ $(ARGS)
