"""One recogniser a family of documents: from top-level names, or first lines, to what a document is."""
