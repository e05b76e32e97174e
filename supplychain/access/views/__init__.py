"""Pages of access: signing in and out, and what each person manages for themselves."""
