"""What leaves on paper: PDF documents with the program's own fonts."""
