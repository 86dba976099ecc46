"""Pages for citizens: no signing in, no script needed, phones first. They hold no rule of their own."""
