"""What the speed claims rest on; `sprava bench` runs it."""
