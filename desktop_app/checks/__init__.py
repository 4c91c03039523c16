"""The parts of a vault that are checked, each by itself (`desktop_app.verify`)."""
