"""What every page of the house shares: the look, forms, sessions, sign-in, rights. How to add a page:
docs/guides/pages.md."""
