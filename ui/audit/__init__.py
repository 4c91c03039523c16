"""The screens about who saw whose data."""
