"""Value objects that say what a thing is: digests, purls, versions, image references. Pure: no Django, no network."""
