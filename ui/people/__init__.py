"""The people and devices of the community, and its units, as administrators change them and all others see them."""
