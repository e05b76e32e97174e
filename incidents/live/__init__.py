"""Follow the evidence: open incidents and watches are asked again when something they could show became searchable."""
